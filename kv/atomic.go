package kv

import (
	"bytes"
	"time"

	"github.com/spcent/plumego/store/internal/keydir"
	"github.com/spcent/plumego/store/internal/record"
)

// SetNX stores a copy of value under key for ttl, as Set does, if the key has
// no value, and reports whether it did. A key that has expired has none, from
// the millisecond of its deadline on. Of concurrent calls one succeeds.
//
// Errors are those of Set. Under SyncAlways the answer no, too, is given only
// when what it rests on is on stable storage.
func (s *KVStore) SetNX(key string, value []byte, ttl time.Duration) (bool, error) {
	absent := func(_ keydir.Entry, alive bool) (bool, error) { return !alive, nil }
	return s.putIf(key, value, ttl, absent)
}

// CompareAndSwap stores a copy of new under key for ttl, as Set does, if the
// key has the value old, and reports whether it did. A key without a value is
// not the same as one with an empty value. Errors are those of Set and Get;
// for the answer no see SetNX.
func (s *KVStore) CompareAndSwap(key string, old, new []byte, ttl time.Duration) (bool, error) {
	return s.putIf(key, new, ttl, s.engine.hasValue(key, old))
}

// CompareAndDelete deletes key if it has the value old, and reports whether it
// did. Errors are those of Delete and Get; for the answer no see SetNX.
func (s *KVStore) CompareAndDelete(key string, old []byte) (bool, error) {
	if err := checkKey(key); err != nil {
		return false, err
	}
	m := mutation{kind: record.Tombstone, key: key, hash: s.engine.index.Hash(key)}
	return s.commitIf(m, nil, s.engine.hasValue(key, old))
}

// condition judges the newest entry of a key, under mu.
type condition func(entry keydir.Entry, alive bool) (bool, error)

// hasValue is the condition that a key has a value. It reads only what is as
// long.
func (e *engine) hasValue(key string, value []byte) condition {
	return func(entry keydir.Entry, alive bool) (bool, error) {
		if !alive || entry.Size != record.Size(len(key), len(value)) {
			return false, nil
		}
		have, _, err := e.log.ReadValue(nil, location(entry), key)
		return err == nil && bytes.Equal(have, value), e.public("read a value", err)
	}
}

// putIf is Set under a condition.
func (s *KVStore) putIf(key string, value []byte, ttl time.Duration, holds condition) (bool, error) {
	deadline, err := s.engine.deadlineOf(ttl)
	if err != nil {
		return false, err
	}
	if err := checkKey(key); err != nil {
		return false, err
	}
	if err := s.checkValue(value); err != nil {
		return false, err
	}
	m := mutation{kind: record.Put, key: key, hash: s.engine.index.Hash(key), deadline: deadline}
	return s.commitIf(m, value, holds)
}

// commitIf commits a mutation if a condition holds then.
func (s *KVStore) commitIf(m mutation, value []byte, holds condition) (bool, error) {
	e := s.engine
	e.lockToWrite()
	ok, g, err := s.commitIfLocked(m, value, holds)
	e.mu.Unlock()
	if e.relieved(err) {
		return s.commitIf(m, value, holds)
	}
	if err != nil {
		return false, err
	}
	if err := g.await(e); err != nil {
		return false, err
	}
	return ok, nil
}

func (s *KVStore) commitIfLocked(m mutation, value []byte, holds condition) (bool, *group, error) {
	e := s.engine
	entry, missing := e.alive(m.hash, m.key)
	if err := e.writable(); err != nil {
		return false, nil, err // also if the index was lost, by asking it
	}
	ok, err := holds(entry, missing == nil)
	switch {
	case err != nil:
		return false, nil, err
	case !ok:
		return false, s.groupOfSeen(m.key), nil
	}
	g, err := s.commitLocked(m, value)
	return true, g, err
}
