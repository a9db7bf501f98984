package kv

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// everyCall is every method that can fail.
func everyCall() map[string]func(s *KVStore, key string) error {
	return map[string]func(s *KVStore, key string) error{
		"Set":       func(s *KVStore, key string) error { return s.Set(key, []byte("value"), 0) },
		"SetUntil":  func(s *KVStore, key string) error { return s.SetUntil(key, nil, someDay.AddDate(100, 0, 0)) },
		"SetPast":   func(s *KVStore, key string) error { return s.SetUntil(key, nil, time.Unix(1, 0)) },
		"Get":       func(s *KVStore, key string) error { _, err := s.Get(key); return err },
		"AppendGet": func(s *KVStore, key string) error { _, err := s.AppendGet(nil, key); return err },
		"Delete":    func(s *KVStore, key string) error { return s.Delete(key) },
		"TTL":       func(s *KVStore, key string) error { _, err := s.TTL(key); return err },
		"Expire":    func(s *KVStore, key string) error { return s.Expire(key, time.Hour) },
		"Incr":      func(s *KVStore, key string) error { _, err := s.Incr(key+"#", 1, time.Hour); return err },
		"Sync":      func(s *KVStore, _ string) error { return s.Sync() },
		"Verify":    func(s *KVStore, _ string) error { _, err := s.Verify(context.Background()); return err },
		"View":      func(s *KVStore, key string) error { return s.View(seesOf(key)) },
		"ScanRange": func(s *KVStore, key string) error { return scanAll(s.ScanRange(key, "", Reverse())) },
		"Scan": func(s *KVStore, _ string) (err error) {
			for _, err = range s.Scan("") {
			}
			return err
		},
	}
}

// TestAfterClose calls every method of a closed store, through the handle
// that closed it and through another.
func TestAfterClose(t *testing.T) {
	s := mustOpen(t, inDir(t.TempDir()))
	require.NoError(t, s.Set("key", []byte("value"), 0))
	other := s.WithSync(SyncNever)
	require.NoError(t, s.Close())
	for _, s := range []*KVStore{s, other, s.WithSync(SyncInterval)} {
		for name, call := range everyCall() {
			require.ErrorIs(t, call(s, "key"), ErrStoreClosed, name)
		}
		require.False(t, s.Exists("key"))
		require.Zero(t, s.Len())
		require.Empty(t, collect(s.Keys("")))
		require.Equal(t, Stats{Recovery: s.Stats().Recovery}, s.Stats())
		require.NoError(t, s.Close(), "closing again gives the same result")
	}
}

// TestCloseGivesTheSameErrorAgain closes a poisoned store twice.
func TestCloseGivesTheSameErrorAgain(t *testing.T) {
	d := newDisk(t)
	s := mustOpen(t, onDisk(d, newHandClock()))
	failSyncs(d)
	require.ErrorIs(t, s.Set("key", nil, 0), ErrPoisoned)
	first := s.Close()
	require.ErrorIs(t, first, ErrPoisoned)
	require.Equal(t, first, s.Close())
}

// TestTrap11CloseAmidEverything closes a store while 32 goroutines use it. Each
// call succeeds or is ErrStoreClosed; nothing acknowledged is lost, whatever
// its policy; nothing is left running.
func TestTrap11CloseAmidEverything(t *testing.T) {
	rounds := fewer(50)
	leavesNoGoroutine(t, func() {
		for round := range rounds {
			closeAmidEverything(t, round)
		}
	})
	t.Logf("%d rounds, 32 goroutines each", rounds)
}

func closeAmidEverything(t *testing.T, round int) {
	d := newDisk(t)
	clock := newHandClock()
	opts := onDisk(d, clock)
	opts.Sync = SyncPolicy(round % 3)
	opts.SweepInterval = time.Microsecond
	s := mustOpen(t, opts)

	const workers = 32
	var acked [workers]int64
	var begun atomic.Int64
	var all sync.WaitGroup
	for w := range workers {
		all.Go(func() { acked[w] = useUntilClosed(t, s.WithSync(SyncPolicy(w%3)), w, &begun) })
	}
	eventually(t, "everybody is at work", func() bool { return begun.Load() >= int64(workers+round) })
	require.NoError(t, s.Close())
	all.Wait()

	s = mustOpenAgain(t, onDisk(d, clock))
	require.True(t, s.Stats().Recovery.Clean)
	for w, want := range acked {
		got := int64(0)
		value, err := s.Get(counterOf(w))
		if err == nil {
			got, err = strconv.ParseInt(string(value), 10, 64)
		}
		if want > 0 {
			require.NoError(t, err)
		}
		require.Contains(t, []int64{want, want + 1}, got, "worker %d: acknowledged, and perhaps one more", w)
	}
	_, err := s.Verify(context.Background())
	require.NoError(t, err)
	require.NoError(t, s.Close())
}

func counterOf(worker int) string { return fmt.Sprintf("counter-%d", worker) }

// useUntilClosed makes every call in turn and counts in a counter. It
// returns the last sum that was acknowledged.
func useUntilClosed(t *testing.T, s *KVStore, worker int, begun *atomic.Int64) (acked int64) {
	for {
		for name, call := range everyCall() {
			err := call(s, fmt.Sprintf("key-%d", worker%8))
			if err != nil && !errors.Is(err, ErrKeyNotFound) && !errors.Is(err, ErrStoreClosed) {
				t.Errorf("%s while the store closes: %v", name, err)
			}
		}
		s.Exists("key")
		s.Len()
		s.Stats()
		for range s.Keys("key") {
			break
		}
		sum, err := s.Incr(counterOf(worker), 1, 0)
		begun.Add(1)
		if err != nil {
			return acked
		}
		acked = sum
	}
}

// TestScanBrokenOff leaves loops early; nothing may stay locked or running.
func TestScanBrokenOff(t *testing.T) {
	leavesNoGoroutine(t, func() {
		s := mustOpen(t, Options{DataDir: t.TempDir()})
		for i := range 1000 {
			require.NoError(t, s.WithSync(SyncNever).Set(fmt.Sprintf("key-%04d", i), nil, 0))
		}
		for range 3 {
			for item, err := range s.Scan("key-") {
				require.NoError(t, err)
				require.NoError(t, s.Delete(item.Key), "the loop may write")
				break
			}
			for range s.Keys("") {
				break
			}
		}
		require.Equal(t, 997, s.Len())
		require.NoError(t, s.Close())
	})
}

// TestScanDuringClose closes the store from within the loop.
func TestScanDuringClose(t *testing.T) {
	for _, at := range []int{1, 255, 256, 257, 600} {
		t.Run(fmt.Sprintf("at item %d of 600", at), func(t *testing.T) {
			s := mustOpen(t, Options{DataDir: t.TempDir()})
			for i := range 600 {
				require.NoError(t, s.WithSync(SyncNever).Set(fmt.Sprintf("key-%04d", i), nil, 0))
			}
			n := 0
			var last error
			for _, err := range s.Scan("") {
				require.NoError(t, last, "an error is yielded last")
				last = err
				if n++; n == at {
					require.NoError(t, s.Close())
				}
			}
			require.ErrorIs(t, last, ErrStoreClosed)
			require.Equal(t, at+1, n)
		})
	}
}

// TestKeysDuringClose closes the store from within the loop.
func TestKeysDuringClose(t *testing.T) {
	s := mustOpen(t, Options{DataDir: t.TempDir()})
	for i := range 10 {
		require.NoError(t, s.Set(fmt.Sprintf("key-%d", i), nil, 0))
	}
	n := 0
	for range s.Keys("") {
		n++
		require.NoError(t, s.Close())
	}
	require.Equal(t, 1, n, "after Close it yields nothing more")
}

// TestCloseOfAFailedOpen leaves nothing behind: no goroutine, no lock.
func TestCloseOfAFailedOpen(t *testing.T) {
	m := newSample(t, true, false)
	d := m.with(m.active, []byte("damaged")).disk(t)
	leavesNoGoroutine(t, func() {
		for range 3 {
			_, err := NewKVStore(onDisk(d, m.clock))
			require.ErrorIs(t, err, ErrCorrupt)
		}
	})
}
