package kv

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store/internal/keydir"
	"github.com/spcent/plumego/store/internal/segment"
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

// TestDamageUnderAKeyThatIsAlike damages the record of the one: a record that
// is damaged cannot say whose it is, and must not be held against the other.
func TestDamageUnderAKeyThatIsAlike(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, Options{DataDir: dir, secret: keydir.Secret{1, 2, 3, 4}})
	a, b := alike(t, s.engine)
	require.NoError(t, s.Set(a, []byte("to be damaged"), 0))
	require.NoError(t, s.Set(b, []byte("41"), 0))

	file := filepath.Join(dir, segment.Name(1))
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	f, err := os.OpenFile(file, os.O_RDWR, 0)
	require.NoError(t, err)
	_, err = f.WriteAt([]byte("T"), int64(bytes.Index(data, []byte("to be damaged"))))
	require.NoError(t, errors.Join(err, f.Close()))

	_, err = s.Get(a)
	require.ErrorIs(t, err, ErrCorrupt)
	_, err = s.Incr(a, 1, 0)
	require.ErrorIs(t, err, ErrCorrupt)
	got, err := s.Get(b)
	require.NoError(t, err)
	require.Equal(t, "41", string(got))
	sum, err := s.Incr(b, 1, 0)
	require.NoError(t, err)
	require.EqualValues(t, 42, sum)
	require.NoError(t, s.Close())
}
