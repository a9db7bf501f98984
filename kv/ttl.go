package kv

import (
	"time"

	"github.com/spcent/plumego/store/internal/record"
)

// TTL returns how long key has to live, to the millisecond; 0 means that it
// does not expire. A key without a value is ErrKeyNotFound.
func (s *KVStore) TTL(key string) (time.Duration, error) {
	e := s.engine
	entry, err := e.find(key)
	if err != nil || entry.Deadline == 0 {
		return 0, err
	}
	left := e.clock.until(entry.Deadline)
	if left <= 0 {
		return 0, ErrKeyExpired
	}
	return left, nil
}

// Expire gives key a new ttl from now, and keeps its value, which is neither
// read nor written. A ttl of 0 makes the key permanent; a negative one is
// ErrInvalidTTL. A key without a value is ErrKeyNotFound. Other errors are
// those of Set.
func (s *KVStore) Expire(key string, ttl time.Duration) error {
	if err := checkKey(key); err != nil {
		return err
	}
	deadline, err := s.engine.deadlineOf(ttl)
	if err != nil {
		return err
	}
	e := s.engine
	h := e.index.Hash(key)
	e.lockToWrite()
	g, err := s.touchLocked(key, h, deadline)
	e.mu.Unlock()
	if e.relieved(err) {
		return s.Expire(key, ttl)
	}
	if err != nil {
		return err
	}
	return g.await(e)
}

func (s *KVStore) touchLocked(key string, h uint64, deadline int64) (*group, error) {
	e := s.engine
	if err := e.writable(); err != nil {
		return nil, err
	}
	entry, err := e.alive(h, key)
	if err != nil {
		return nil, err
	}
	m := mutation{kind: record.Touch, key: key, hash: h, value: location(entry), deadline: deadline}
	return s.commitLocked(m, nil)
}
