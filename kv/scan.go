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

// pairs yields what the index has under a prefix, a batch at a time. Each
// batch begins behind the last key of the one before, which therefore may be
// deleted, or stay the greatest, without harm.
func (e *engine) pairs(prefix string) iter.Seq[keydir.Pair] {
	return func(yield func(keydir.Pair) bool) {
		from, to := prefix, after(prefix)
		batch := make([]keydir.Pair, 0, scanBatch)
		for !e.closed.Load() {
			batch = e.index.RangeKeys(batch[:0], from, to, scanBatch)
			for _, pair := range batch {
				if e.closed.Load() || !yield(pair) {
					return
				}
			}
			if len(batch) < scanBatch {
				return
			}
			from = batch[len(batch)-1].Key + "\x00"
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
