package kv

import (
	"math"
	"strconv"
	"time"

	"github.com/spcent/plumego/store/internal/record"
)

// Incr adds delta to the counter under key and returns the sum. A counter is
// stored as its decimal text, so Get shows it and Set can start it. A key
// without a value counts from 0, and gets ttl as Set would give it; an
// existing counter keeps its deadline, so that a window that was opened
// closes on time however often it is counted in.
//
// A value that is no int64 is ErrNotInteger, and a sum that is none
// ErrOverflow; neither changes anything. Other errors are those of Set.
//
// Concurrent calls each see their own sum. Under SyncAlways no caller, and
// no reader, sees a sum that a crash can take back.
func (s *KVStore) Incr(key string, delta int64, ttl time.Duration) (int64, error) {
	if err := checkKey(key); err != nil {
		return 0, err
	}
	deadline, err := s.engine.deadlineOf(ttl)
	if err != nil {
		return 0, err
	}
	e := s.engine
	h := e.index.Hash(key)
	e.lockToWrite()
	sum, g, err := s.incrLocked(key, h, delta, deadline)
	e.mu.Unlock()
	if e.relieved(err) {
		return s.Incr(key, delta, ttl)
	}
	if err != nil {
		return 0, err
	}
	if err := g.await(e); err != nil {
		return 0, err
	}
	return sum, nil
}

func (s *KVStore) incrLocked(key string, h uint64, delta, deadline int64) (int64, *group, error) {
	e := s.engine
	if err := e.writable(); err != nil {
		return 0, nil, err
	}
	sum := delta
	if entry, err := e.alive(h, key); err == nil {
		var text [maxCounter]byte
		value, _, err := e.log.ReadValue(text[:0], location(entry), key)
		if err != nil {
			return 0, nil, e.public("read a counter", err)
		}
		if sum, err = add(value, delta); err != nil {
			return 0, nil, err
		}
		deadline = entry.Deadline
	}
	var text [maxCounter]byte
	m := mutation{kind: record.Put, key: key, hash: h, deadline: deadline}
	g, err := s.commitLocked(m, strconv.AppendInt(text[:0], sum, 10))
	return sum, g, err
}

// add returns the sum of a counter, as its text, and delta.
func add(counter []byte, delta int64) (int64, error) {
	old, err := strconv.ParseInt(string(counter), 10, 64)
	switch {
	case err != nil:
		return 0, ErrNotInteger
	case delta > 0 && old > math.MaxInt64-delta, delta < 0 && old < math.MinInt64-delta:
		return 0, ErrOverflow
	}
	return old + delta, nil
}

// maxCounter has room for the text of any int64, and for the record around
// it where it must be read by call.
const maxCounter = 128
