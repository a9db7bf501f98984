package kv

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Each test here is a trap that has bitten another store; the numbers are
// those of the list it comes from.

// TestTrap10LoopsTerminate runs loops that a naive cursor never leaves.
func TestTrap10LoopsTerminate(t *testing.T) {
	s := mustOpen(t, Options{DataDir: t.TempDir()})
	fast := s.WithSync(SyncNever)
	for i := range 2*scanBatch + 1 {
		require.NoError(t, fast.Set(fmt.Sprintf("key-%04d", i), nil, 0))
	}
	require.NoError(t, fast.Set("\xff\xff\xff", nil, 0))

	n := 0
	for item, err := range s.Scan("") {
		require.NoError(t, err)
		require.NoError(t, fast.Set(item.Key, []byte("again"), 0), "the key under the cursor lives on")
		n++
	}
	require.Equal(t, 2*scanBatch+2, n, "each key once, also a greatest one that no key can follow")

	n = 0
	for item, err := range s.Scan("key-") {
		require.NoError(t, err)
		require.NoError(t, fast.Delete(item.Key), "the key under the cursor goes")
		n++
	}
	require.Equal(t, 2*scanBatch+1, n)
	requireHoldings(t, ledger{"\xff\xff\xff": {value: "again"}}, s, "the last key")
	require.NoError(t, s.Close())
}

// TestTrap10SweepsTerminate sweeps more than a batch, while the greatest key
// and the latest deadline live.
func TestTrap10SweepsTerminate(t *testing.T) {
	clock := newHandClock()
	opts := inDir(t.TempDir())
	opts.Now = clock.now
	s := mustOpen(t, opts)
	fast := s.WithSync(SyncNever)
	for i := range 2*sweepBatch + 1 {
		require.NoError(t, fast.Set(fmt.Sprintf("key-%04d", i), nil, time.Minute))
	}
	require.NoError(t, fast.Set("z", nil, time.Hour))
	clock.pass(time.Minute)
	require.Equal(t, 1, s.Len())
	require.Equal(t, uint64(2*sweepBatch+1), s.Stats().Expired)
	require.NoError(t, s.Close())
}

func TestTrap12ASecondOpenFailsAtOnce(t *testing.T) {
	opts := inDir(t.TempDir())
	s := mustOpen(t, opts)
	require.NoError(t, s.Set("key", []byte("value"), 0))
	for range 3 {
		_, err := NewKVStore(opts)
		require.ErrorIs(t, err, ErrLocked)
	}
	requireHoldings(t, ledger{"key": {value: "value"}}, s, "the first goes on")
	require.NoError(t, s.Close())
	s = mustOpenAgain(t, opts)
	requireHoldings(t, ledger{"key": {value: "value"}}, s, "its turn")
	require.NoError(t, s.Close())
}

func TestTrap15SlicesBelongToTheCaller(t *testing.T) {
	for _, opts := range []Options{inDir(t.TempDir()), {InMemory: true}} {
		s := mustOpen(t, opts)
		given := []byte("value")
		require.NoError(t, s.Set("key", given, 0))
		copy(given, "XXXXX")
		got, err := s.Get("key")
		require.NoError(t, err)
		require.Equal(t, "value", string(got), "the argument was copied")
		copy(got, "YYYYY")
		for item := range s.Scan("") {
			require.Equal(t, "value", string(item.Value), "the result was a copy")
			copy(item.Value, "ZZZZZ")
		}
		room := append(make([]byte, 0, 64), "before "...)
		room, err = s.AppendGet(room, "key")
		require.NoError(t, err)
		require.Equal(t, "before value", string(room))
		clear(room)
		kept, err := s.Get("key")
		require.NoError(t, err)
		require.NoError(t, s.Close())
		require.Equal(t, "value", string(kept), "a result outlives the store")
	}
}

// TestTrap15AfterAnErrorTheSliceIsAsItWas covers the reads that fail.
func TestTrap15AfterAnErrorTheSliceIsAsItWas(t *testing.T) {
	s := mustOpen(t, inDir(t.TempDir()))
	dst := append(make([]byte, 0, 64), "before"...)
	got, err := s.AppendGet(dst, "missing")
	require.ErrorIs(t, err, ErrKeyNotFound)
	require.Equal(t, "before", string(got))
	got, err = s.AppendGet(dst, "")
	require.ErrorIs(t, err, ErrInvalidKey)
	require.Equal(t, "before", string(got))
	require.NoError(t, s.Close())
}
