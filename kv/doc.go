// Package kv is an embedded key-value store in plain files, for the state of
// a single-node application: sessions, signing keys, rate-limit counters,
// idempotency records. Keys and values are bytes; a key may have a deadline.
//
//	store, err := kv.NewKVStore(kv.Options{DataDir: "/var/lib/myapp/kv"})
//	if err != nil { ... }
//	defer store.Close()
//	store.Set("session:abc", token, 30*time.Minute)
//
// # What it promises
//
// A nil error from a write means that the write survives the death of the
// process, under every policy; under SyncAlways, the zero value, it survives
// power loss too. After any crash the store opens without help and holds a
// prefix of what was written, in order, with everything that was promised.
//
// Expired is absent: exactly, to the millisecond, for every reader, whether
// or not the sweeper has run, and for ever, even if the clock is set back.
//
// A Snapshot shows what readers saw at one moment, whatever happens
// meanwhile; a Scan is one, of its first step.
//
// An Update reads and writes several keys in one step: all or nothing, for
// whoever looks at several keys at one moment, and after any crash.
//
// Every value read from a file is checked against a checksum that is bound
// to its place, and its key is compared. Damage is reported as ErrCorrupt
// with file and offset; nothing is cut but the torn end of the last segment
// after a crash, and that is counted in Stats and logged.
//
// After a failed sync nothing is written any more (ErrPoisoned), because
// what is on stable storage is not known; reads go on. A full disk is
// ErrNoSpace: nothing is lost, deletes still work, and writing goes on when
// there is space.
//
// # What it does not promise
//
// One process at a time writes to a directory, while others may read it
// (Options.ReadOnly). Network file systems, devices
// that lie about syncs, and tampering are beyond it: the checksums are no
// MAC. Damage inside the very last commit group of a store that was not
// closed looks like a torn tail, and is reported as one. All keys are held
// in memory.
//
// # How it works
//
// A write is encoded at the end of a log of segments (internal/seglog),
// synced if its policy says so, and then published in an index in memory
// (internal/keydir) that knows where each key's newest record lies and when
// it dies. A read looks there and copies the record's value out of the
// file's mapping. Opening reads the index that Close has saved, or replays the
// log. Every mutation passes through commitLocked.
package kv
