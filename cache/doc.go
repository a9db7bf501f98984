// Package cache keeps values that may be forgotten: a Cache returns what was
// set, until the value expires, is deleted, or has to make room for others.
//
//	c, err := cache.NewMemoryCacheWithConfig(cache.DefaultConfig())
//	if err != nil { ... }
//	c.Set(ctx, "user:42", jsonBytes, 5*time.Minute)
//	data, err := c.Get(ctx, "user:42")
//
// # What it promises
//
// A Get returns the newest value of its key or ErrNotFound: never an older
// value, never part of one, never one whose time has come, to the millisecond,
// also if the clock is set back. Set waits for nothing and drops nothing: what
// it has returned nil for, the next Get sees, and what is too large it refuses
// with an error.
//
// Config.MaxBytes is a hard bound of everything that a MemoryCache holds: keys,
// values, headers, index, what it remembers of evicted keys, and what of its
// memory is unused. It holds after every call, however many goroutines write.
//
// # What it forgets
//
// Eviction is S3-FIFO (evict.go): values that nobody asks for a second time
// leave soon, so that a scan over many keys does not push out those that are
// in use. Hit ratios are those of a plain LRU cache or better. Nothing sweeps:
// a value that has expired is absent at once, but keeps its room until somebody
// asks for it or its log's tail comes by.
//
// # What else it does
//
// GetOrLoad fetches what is missing, once for all who miss it at the same time
// (see MemoryCache). Counters, appending, lists by prefix and more are optional
// interfaces beside Cache: a type assertion tells whether a Cache has them, and
// those of this package have all.
//
// # Which one
//
//   - MemoryCache is the fast one, and forgets all with the process.
//   - PersistentCache keeps its values in a directory that is bounded too, may
//     be larger than memory, and is warm after a restart, with the values and
//     the knowledge which of them are asked for. Nothing is synced for a write.
//   - KVCache is a Cache over an engine that is there anyway, a kv.KVStore or
//     a table of an SQL database, and evicts nothing.
//
// # How it works
//
// A MemoryCache is divided by hash into parts with a lock each. A part is a pool
// of pages, which hold two logs of records and the index that finds them.
// There are no pointers in it, so that the garbage collector has nothing to
// look at, however many values there are. A write goes to the head of a log;
// making room is compaction of a log's tail with a rule for what to keep. In
// front of a PersistentCache the same structure, with weights for values,
// chooses what leaves the disk.
//
// It is a log of its own and not package kv in memory: what an engine's log
// keeps beside keys and values, to prove after a crash what was written in
// which order, a cache would pay for and never use, and an engine that is
// bounded refuses writes where a cache must make room before it returns.
package cache
