package kv

import (
	"errors"
	"math"
	"strconv"
	"time"

	"github.com/spcent/plumego/store/internal/record"
	"github.com/spcent/plumego/store/internal/seglog"
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
	switch value, old, err := e.counterOf(key, h); {
	case err == nil:
		if sum, err = add(value, delta); err != nil {
			return 0, nil, err
		}
		deadline = old
	case !errors.Is(err, ErrKeyNotFound):
		return 0, nil, err
	}
	m := mutation{kind: record.Put, key: key, hash: h, deadline: deadline}
	g, err := s.commitLocked(m, strconv.AppendInt(e.counter[:0], sum, 10))
	return sum, g, err
}

// counterOf returns the newest value of a key, which is good until the next
// call, and its deadline. A key without a value is ErrKeyNotFound. The caller
// holds mu.
//
// As in read the slot of the key's hash leads to the value. Its entry, which
// the write that follows needs, comes from memory meanwhile.
func (e *engine) counterOf(key string, h uint64) (value []byte, deadline int64, err error) {
	if !e.isPending(key) {
		at, ok := e.locate(h)
		if ok {
			value, header, err := e.log.ReadValue(e.counter[:0], at, key)
			switch {
			case mayBeAnothers(err):
			case err != nil:
				return nil, 0, e.public("read a counter", err)
			case e.expired(header.Deadline):
				return nil, 0, ErrKeyExpired
			default:
				return value, header.Deadline, nil
			}
		}
	}
	entry, err := e.alive(h, key)
	if err != nil {
		return nil, 0, err
	}
	value, _, err = e.log.ReadValue(e.counter[:0], location(entry), key)
	return value, entry.Deadline, e.public("read a counter", err)
}

// locate returns where the record lies that the slot of a hash leads to, and
// begins to fetch the entry.
func (e *engine) locate(h uint64) (at seglog.Location, ok bool) {
	stripe := e.index.Stripe(h)
	stripe.RLock()
	defer stripe.RUnlock()
	at.Segment, at.Offset, ok, _ = stripe.Locate(h)
	stripe.Fetch(h)
	return at, ok
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
