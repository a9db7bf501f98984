package kv

import (
	"iter"

	"github.com/spcent/plumego/store"
	"github.com/spcent/plumego/store/internal/keydir"
)

// Item is a key with all that is known of it.
type Item = store.Item

// Keys yields the keys that begin with prefix in ascending byte order; all,
// if prefix is empty. It holds no lock while the loop runs, so the loop may
// use the store. A key that exists throughout is yielded exactly once; one
// that appears or disappears meanwhile may or may not be. After Close it
// yields nothing more.
func (s *KVStore) Keys(prefix string) iter.Seq[string] {
	e := s.engine
	return func(yield func(string) bool) {
		for pair := range e.pairs(prefix) {
			if !e.expired(pair.Entry.Deadline) && !yield(pair.Key) {
				return
			}
		}
	}
}

// pairs yields what the index has under a prefix, a batch at a time; of the
// entries the deadlines alone.
func (e *engine) pairs(prefix string) iter.Seq[keydir.Pair] {
	return func(yield func(keydir.Pair) bool) {
		m := e.scanMemory()
		defer e.keepScanMemory(m)
		c := e.index.Cursor(prefix, after(prefix), keydir.Ascending, keydir.DeadlineOnly)
		for size, more := firstBatch, true; more && !e.closed.Load(); size = min(2*size, scanBatch) {
			m.batch, more = c.Next(m.batch[:0], size)
			for i := range m.batch {
				if e.closed.Load() || !yield(m.batch[i]) {
					return
				}
			}
		}
	}
}

// after returns the least string that is greater than every string with the
// prefix, or "" if there is none.
func after(prefix string) string {
	for i := len(prefix) - 1; i >= 0; i-- {
		if prefix[i] < 0xff {
			return prefix[:i] + string([]byte{prefix[i] + 1})
		}
	}
	return ""
}

// Len returns how many keys have a value that has not expired. It sweeps
// first, so its cost is that of the keys that have expired since the last
// sweep. After Close it is 0.
func (s *KVStore) Len() int {
	e := s.engine
	if e.closed.Load() {
		return 0
	}
	e.expire()
	return e.index.Len()
}
