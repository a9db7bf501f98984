package store

import (
	"context"
	"iter"
	"math"
	"time"
)

// KV is what the module's adapters need of an engine, and no more, so that
// they can stand on another one: a table (key, value, version, deadline) of an
// SQL database will do. KVStore.KV of package kv gives one; package storetest
// is this contract as tests.
//
// A key is any non-empty string of any bytes, the empty one is ErrInvalid, and
// an implementation may bound the lengths of keys and values. An entry whose
// deadline has come is absent, for every method, from that millisecond on. A
// deadline is rounded up to the millisecond; the zero time is none.
//
// A value has a version, which is never 0 and greater than every version that
// its key had before, also before it was deleted or had expired.
//
// A context that is done before the call stops it and its error is returned;
// a write that has begun is finished. Values are copied, in and out. All
// methods are safe for concurrent use. After Close they are ErrClosed.
type KV interface {
	// Get returns what is under key, or ErrNotFound.
	Get(ctx context.Context, key string) (Item, error)

	// Commit makes all of the changes, or, after an error, none: for every
	// reader, and after a crash. No two may have the same key: ErrInvalid. If
	// one expects what is not so, the error is ErrConflict. Expectations are
	// judged in the same step in which the changes are made.
	//
	// It returns the versions of the values that were written, in the order of
	// the changes; 0 for a delete.
	Commit(ctx context.Context, changes ...Change) (versions []uint64, err error)

	// Scan yields the entries whose keys begin with prefix and are not less
	// than from, in ascending byte order of keys. An entry that is there
	// throughout is yielded once; whether what is changed meanwhile is seen is
	// open. The loop may use the KV. An error is the last thing yielded.
	Scan(ctx context.Context, prefix, from string) iter.Seq2[Item, error]

	// Close lets go of the engine. Calling it again returns the same.
	Close() error
}

// Clock is what a KV may be too: it tells the time by which it judges
// deadlines. What is kept in a KV and judged by time is best judged by this
// one; if the engine is a server, that is the server's.
type Clock interface {
	// Now returns the time. An entry whose deadline is not after it is absent.
	Now() time.Time
}

// Item is a key with all that is known of it.
type Item struct {
	Key      string
	Value    []byte    // a copy, the caller's; not nil, even if empty
	Deadline time.Time // to the millisecond; the zero time: never expires
	// Version names the value. In package kv it is the place of the value's
	// write in the store's one order: it grows with every write of any key,
	// survives reopening and compaction, and does not change with the
	// deadline. A write that a crash takes back, which nobody was promised,
	// gives its version back too.
	Version uint64
}

// Change is one change of a Commit: a value for a key, or its end.
type Change struct {
	Key      string
	Value    []byte    // nil and empty are the same value, which exists
	Deadline time.Time // one that has come deletes the key
	Delete   bool      // Value and Deadline do not count
	// If is the version that the key is expected to have. 0 expects nothing,
	// and Absent that the key has no value.
	If uint64
}

// Absent is the version of a key without a value, for Change.If.
const Absent = math.MaxUint64
