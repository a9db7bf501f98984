package kv

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// handClock is a wall clock that a test sets.
type handClock struct{ nanos atomic.Int64 }

// someDay is where most tests' clocks begin, a whole millisecond.
var someDay = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func newHandClock() *handClock {
	c := new(handClock)
	c.set(someDay)
	return c
}

func (c *handClock) now() time.Time           { return time.Unix(0, c.nanos.Load()) }
func (c *handClock) set(t time.Time)          { c.nanos.Store(t.UnixNano()) }
func (c *handClock) pass(d time.Duration)     { c.nanos.Add(int64(d)) }
func (c *handClock) millis() int64            { return c.now().UnixMilli() }
func (c *handClock) in(d time.Duration) int64 { return c.now().Add(d).UnixMilli() }

// holding is what a store should say of a key.
type holding struct {
	value    string
	deadline int64 // Unix milliseconds; 0: none
}

// ledger is what a store should hold.
type ledger map[string]holding

func (l ledger) clone() ledger { return maps.Clone(l) }

func (l ledger) equal(other ledger) bool { return maps.Equal(l, other) }

// at returns what is left of a ledger at a time.
func (l ledger) at(millis int64) ledger {
	l = l.clone()
	maps.DeleteFunc(l, func(_ string, h holding) bool { return h.deadline != 0 && h.deadline <= millis })
	return l
}

// holdings lists what a store serves and asks every kind of read, which must
// agree. The clock must stand still meanwhile.
func holdings(s *KVStore) (ledger, error) {
	l := ledger{}
	for item, err := range s.Scan("") {
		if err != nil {
			return nil, err
		}
		h := holding{value: string(item.Value)}
		if !item.Deadline.IsZero() {
			h.deadline = item.Deadline.UnixMilli()
		}
		l[item.Key] = h
		if err := s.agrees(item); err != nil {
			return nil, err
		}
	}
	if keys := slices.Sorted(maps.Keys(l)); !slices.Equal(keys, collect(s.Keys(""))) {
		return nil, fmt.Errorf("Keys and Scan differ")
	}
	if got := s.Len(); got != len(l) {
		return nil, fmt.Errorf("Len is %d, Scan yields %d keys", got, len(l))
	}
	return l, nil
}

// agrees asks for one key by the other roads.
func (s *KVStore) agrees(item Item) error {
	value, err := s.Get(item.Key)
	if err != nil || string(value) != string(item.Value) {
		return fmt.Errorf("Get differs from Scan: %w", err)
	}
	if !s.Exists(item.Key) {
		return fmt.Errorf("Exists differs from Scan")
	}
	ttl, err := s.TTL(item.Key)
	if err != nil || (ttl == 0) != item.Deadline.IsZero() {
		return fmt.Errorf("TTL differs from Scan: %v, %w", ttl, err)
	}
	return nil
}

func collect[T any](seq iter.Seq[T]) (all []T) {
	for v := range seq {
		all = append(all, v)
	}
	return all
}

// requireHoldings holds a store to a ledger, and its files to their sums.
func requireHoldings(t testing.TB, want ledger, s *KVStore, where string) {
	t.Helper()
	got, err := holdings(s)
	require.NoError(t, err, where)
	require.Equal(t, want, got, where)
	_, err = s.Verify(context.Background())
	require.NoError(t, err, where)
}

// mustOpen opens a store.
func mustOpen(t testing.TB, opts Options) *KVStore {
	t.Helper()
	s, err := NewKVStore(opts)
	require.NoError(t, err)
	return s
}

// inDir returns options for a store of tiny segments in a real directory.
func inDir(dir string) Options {
	return Options{DataDir: dir, SegmentSize: minSegmentSize, SweepInterval: -1}
}
