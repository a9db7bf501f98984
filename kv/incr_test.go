package kv

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// alike returns two keys that the index cannot tell apart by what a slot keeps
// of their hashes.
func alike(t testing.TB, e *engine) (a, b string) {
	seen := map[uint64]string{}
	for i := range 10_000_000 {
		key := strconv.Itoa(i)
		h := e.index.Hash(key)
		id := h>>58<<32 | uint64(uint32(h))
		if other, ok := seen[id]; ok {
			return other, key
		}
		seen[id] = key
	}
	t.Fatal("no two keys are alike")
	return "", ""
}

// TestIncrOfKeysThatAreAlike counts under two keys of which the slot of the
// one is found for the other, whatever has become of that one.
func TestIncrOfKeysThatAreAlike(t *testing.T) {
	d := newDisk(t)
	w := newScribe(t, d, newHandClock(), ledger{})
	a, b := alike(t, w.s.engine)
	w.set(a, "5", time.Minute)
	w.incr(b, 7, time.Hour)
	for range 2 {
		w.incr(a, 1, 0)
		w.incr(b, 1, 0)
	}
	w.expire(a, 2*time.Minute)
	w.incr(a, 1, time.Hour)
	w.incr(b, 1, 0)
	w.delete(a)
	w.incr(b, 1, 0)
	w.incr(a, 1, time.Minute)
	w.pass(time.Minute)
	w.incr(b, 1, 0)
	w.incr(a, 1, 0)
	requireHoldings(t, w.book, w.s, "counted")
	w.reopen(d)
	requireHoldings(t, w.book, w.s, "reopened")
	_, err := w.s.Verify(t.Context())
	require.NoError(t, err)
	require.NoError(t, w.s.Close())
}
