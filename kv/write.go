package kv

import (
	"time"

	"github.com/spcent/plumego/store/internal/record"
)

// Set stores a copy of value under key for ttl, in the place of any value
// and deadline before. A ttl of 0 is for ever; a negative one is
// ErrInvalidTTL. nil and the empty value are the same value, which exists.
//
// Other errors: ErrInvalidKey, ErrValueTooLarge, ErrNoSpace, ErrFull,
// ErrPoisoned, ErrReadOnly, ErrStoreClosed. After an error the old value stands, with one
// exception: a failed sync (ErrPoisoned) leaves open which of the two a
// later open finds.
func (s *KVStore) Set(key string, value []byte, ttl time.Duration) error {
	deadline, err := s.engine.deadlineOf(ttl)
	if err != nil {
		return err
	}
	return s.put(key, value, deadline)
}

// SetUntil is Set with a deadline instead of a ttl. The zero time is for
// ever, as in Item; a deadline that has passed deletes the key.
func (s *KVStore) SetUntil(key string, value []byte, deadline time.Time) error {
	d := asDeadline(deadline)
	if s.engine.expired(d) {
		if err := s.checkValue(value); err != nil {
			return err
		}
		return s.Delete(key)
	}
	return s.put(key, value, d)
}

// Delete removes key. That it was not there is no error, and writes nothing.
// Errors are those of Set.
func (s *KVStore) Delete(key string) error {
	if err := checkKey(key); err != nil {
		return err
	}
	e := s.engine
	h := e.index.Hash(key)
	e.lockToWrite()
	g, err := s.deleteLocked(key, h)
	e.mu.Unlock()
	if err != nil {
		return err
	}
	return g.await(e)
}

// deleteLocked appends a tombstone if there is something to bury: also for
// an expired key, since a tombstone does not depend on any clock.
func (s *KVStore) deleteLocked(key string, h uint64) (*group, error) {
	e := s.engine
	if err := e.writable(); err != nil {
		return nil, err
	}
	if _, ok := e.newest(h, key); !ok && !e.closed.Load() { // the index may have been lost
		return s.groupOfSeen(key), nil
	}
	return s.commitLocked(mutation{kind: record.Tombstone, key: key, hash: h}, nil)
}

// groupOfSeen returns the group to wait for before it may be said what key
// holds, or that it is gone: the write that made it so may be invisible yet,
// or not be durable. The caller holds mu.
func (s *KVStore) groupOfSeen(key string) *group {
	e := s.engine
	if e.isPending(key) || s.policy == SyncAlways && e.log.Unsynced() {
		return e.nextGroup()
	}
	return nil
}

// put is Set once the deadline is known.
func (s *KVStore) put(key string, value []byte, deadline int64) error {
	if err := checkKey(key); err != nil {
		return err
	}
	if err := s.checkValue(value); err != nil {
		return err
	}
	e := s.engine
	m := mutation{kind: record.Put, key: key, hash: e.index.Hash(key), deadline: deadline}
	e.lockToWrite()
	g, err := s.commitLocked(m, value)
	e.mu.Unlock()
	if e.relieved(err) {
		return s.put(key, value, deadline)
	}
	if err != nil {
		return err
	}
	return g.await(e)
}

func checkKey(key string) error {
	if len(key) == 0 || len(key) > MaxKeySize {
		return ErrInvalidKey
	}
	return nil
}

func (s *KVStore) checkValue(value []byte) error {
	if int64(len(value)) > s.engine.opts.MaxValueSize {
		return ErrValueTooLarge
	}
	return nil
}

// deadlineOf returns the deadline of a ttl from now; 0 for none.
func (e *engine) deadlineOf(ttl time.Duration) (int64, error) {
	switch {
	case ttl < 0:
		return 0, ErrInvalidTTL
	case ttl == 0:
		return 0, nil
	}
	deadline := e.clock.after(ttl)
	e.sweeper.passed(deadline - ttl.Milliseconds())
	return deadline, nil
}
