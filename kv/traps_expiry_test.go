package kv

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Each test here is a trap that has bitten another store; the numbers are
// those of the list it comes from.

func TestTrap01ExpiredStaysGoneAfterARestart(t *testing.T) {
	for _, segments := range []string{"in one segment", "the older value in an older segment"} {
		t.Run(segments, func(t *testing.T) {
			clock := newHandClock()
			opts := inDir(t.TempDir())
			opts.Now = clock.now
			s := mustOpen(t, opts)
			require.NoError(t, s.Set("key", []byte("for ever"), 0))
			if segments != "in one segment" {
				fillSegments(t, s, 3)
			}
			require.NoError(t, s.Set("key", []byte("for a minute"), time.Minute))
			clock.pass(time.Minute)
			for range 3 {
				_, err := s.Get("key")
				require.ErrorIs(t, err, ErrKeyNotFound)
				require.NoError(t, s.Close())
				s = mustOpenAgain(t, opts)
			}
			requireHoldings(t, fillers(segments != "in one segment"), s, segments)
			require.NoError(t, s.Close())
		})
	}
}

// TestTrap01TheNewerSegmentDropped takes the file away that says when a key
// died. The older value must not come back: the store must not open.
func TestTrap01TheNewerSegmentDropped(t *testing.T) {
	d := newDisk(t)
	w := newScribe(t, d, newHandClock(), ledger{})
	w.set("key", "for ever", 0)
	fillSegments(t, w.s, 2)
	w.set("key", "for a minute", time.Minute)
	fillSegments(t, w.s, 2)
	w.clock.pass(time.Hour)
	require.NoError(t, w.s.Close())
	im := imageOf(t, d)
	for _, name := range im.names()[1:] {
		if !strings.HasSuffix(name, ".seg") {
			continue
		}
		_, err := NewKVStore(onDisk(im.without(name).disk(t), w.clock))
		require.ErrorIs(t, err, ErrCorrupt, "without %s", name)
	}
}

func TestTrap03PlainSetClearsTheTTL(t *testing.T) {
	clock := newHandClock()
	opts := inDir(t.TempDir())
	opts.Now = clock.now
	s := mustOpen(t, opts)
	require.NoError(t, s.Set("key", []byte("old"), time.Minute))
	require.NoError(t, s.Set("key", []byte("new"), 0))
	ttl, err := s.TTL("key")
	require.NoError(t, err)
	require.Zero(t, ttl)
	clock.pass(time.Hour)
	requireHoldings(t, ledger{"key": {value: "new"}}, s, "an hour later")
	require.NoError(t, s.Close())
	s = mustOpenAgain(t, opts)
	requireHoldings(t, ledger{"key": {value: "new"}}, s, "reopened")
	require.NoError(t, s.Close())
}

func TestTrap03IncrKeepsTheDeadline(t *testing.T) {
	clock := newHandClock()
	opts := inDir(t.TempDir())
	opts.Now = clock.now
	s := mustOpen(t, opts)
	window := clock.in(time.Minute)
	for i := range 5 {
		sum, err := s.Incr("hits", 1, time.Minute)
		require.NoError(t, err)
		require.Equal(t, int64(i+1), sum)
		clock.pass(10 * time.Second)
		require.NoError(t, s.Close())
		s = mustOpenAgain(t, opts)
		requireHoldings(t, ledger{"hits": {fmt.Sprint(i + 1), window}}, s, "the window never slides")
	}
	clock.pass(10 * time.Second)
	requireHoldings(t, ledger{}, s, "the window closes on time")
	sum, err := s.Incr("hits", 1, time.Minute)
	require.NoError(t, err)
	require.Equal(t, int64(1), sum, "a new window")
	require.NoError(t, s.Close())
}

func TestTrap03AnEmptyValueIsNoDelete(t *testing.T) {
	opts := inDir(t.TempDir())
	s := mustOpen(t, opts)
	require.NoError(t, s.Set("nil", nil, 0))
	require.NoError(t, s.Set("empty", []byte{}, 0))
	for range 2 {
		for _, key := range []string{"nil", "empty"} {
			value, err := s.Get(key)
			require.NoError(t, err, key)
			require.NotNil(t, value, key)
			require.Empty(t, value, key)
		}
		requireHoldings(t, ledger{"nil": {}, "empty": {}}, s, "two keys of no bytes")
		require.NoError(t, s.Close())
		s = mustOpenAgain(t, opts)
	}
	require.NoError(t, s.Close())
}

// TestTrap04ExpiredKeysAreInvisibleEverywhere looks for an unswept key by
// every road.
func TestTrap04ExpiredKeysAreInvisibleEverywhere(t *testing.T) {
	clock := newHandClock()
	opts := inDir(t.TempDir())
	opts.Now = clock.now
	s := mustOpen(t, opts)
	for _, key := range []string{"a", "b", "c"} {
		require.NoError(t, s.Set(key, []byte("1"), time.Minute))
	}
	require.NoError(t, s.Set("live", nil, 0))
	clock.pass(time.Minute)

	require.Equal(t, []string{"live"}, collect(s.Keys("")))
	require.False(t, s.Exists("a"))
	for _, call := range []string{"Get", "AppendGet", "TTL", "Expire"} {
		require.ErrorIs(t, everyCall()[call](s, "a"), ErrKeyExpired, call)
		require.ErrorIs(t, everyCall()[call](s, "a"), ErrKeyNotFound, call)
	}
	for item, err := range s.Scan("") {
		require.NoError(t, err)
		require.Equal(t, "live", item.Key)
	}
	sum, err := s.Incr("b", 5, 0)
	require.NoError(t, err)
	require.Equal(t, int64(5), sum, "a dead counter is no counter")
	require.Equal(t, 2, s.Len())
	require.Equal(t, 2, s.Stats().Keys)
	requireHoldings(t, ledger{"live": {}, "b": {value: "5"}}, s, "swept")
	require.NoError(t, s.Close())
}

// fillSegments writes whole segments of keys of its own.
func fillSegments(t testing.TB, s *KVStore, segments int) {
	t.Helper()
	for want := s.Stats().Segments + segments; s.Stats().Segments < want; {
		require.NoError(t, s.WithSync(SyncNever).Set("filler", bytes.Repeat([]byte("f"), 300), 0))
	}
}

// fillers is what fillSegments leaves.
func fillers(filled bool) ledger {
	if !filled {
		return ledger{}
	}
	return ledger{"filler": {value: strings.Repeat("f", 300)}}
}
