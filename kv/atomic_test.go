package kv

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store/internal/vfs"
)

// TestConditionalWrites asks each of them of keys in every state. The state
// that follows is seen, and survives reopening.
func TestConditionalWrites(t *testing.T) {
	setNX := func(s *KVStore) (bool, error) { return s.SetNX("k", []byte("new"), time.Hour) }
	swap := func(old string) func(*KVStore) (bool, error) {
		return func(s *KVStore) (bool, error) { return s.CompareAndSwap("k", []byte(old), []byte("new"), time.Hour) }
	}
	drop := func(old string) func(*KVStore) (bool, error) {
		return func(s *KVStore) (bool, error) { return s.CompareAndDelete("k", []byte(old)) }
	}
	dying := func(w *scribe) {
		w.set("k", "old", time.Second)
		w.clock.pass(time.Second)
		w.book = ledger{}
	}
	alive := func(w *scribe) {
		w.set("k", "old", time.Second)
		w.clock.pass(time.Second - time.Millisecond)
	}
	missing := func(*scribe) {}
	empty := func(w *scribe) { w.set("k", "", 0) }
	deleted := func(w *scribe) { w.set("k", "old", 0); w.delete("k") }
	for _, c := range []struct {
		name   string
		before func(*scribe)
		do     func(*KVStore) (bool, error)
		want   bool
		after  string // "": as before; "-": gone
	}{
		{"SetNX of a missing key", missing, setNX, true, "new"},
		{"SetNX of a deleted key", deleted, setNX, true, "new"},
		{"SetNX in the last millisecond", alive, setNX, false, ""},
		{"SetNX in the millisecond of the deadline", dying, setNX, true, "new"},
		{"SetNX of an empty value", empty, setNX, false, ""},
		{"swap of the value", alive, swap("old"), true, "new"},
		{"swap of another value as long", alive, swap("odd"), false, ""},
		{"swap of another value", alive, swap("longer than a record of it"), false, ""},
		{"swap of an expired value", dying, swap("old"), false, ""},
		{"swap of a missing key", missing, swap(""), false, ""},
		{"swap of an empty value", empty, swap(""), true, "new"},
		{"delete of the value", alive, drop("old"), true, "-"},
		{"delete of another value", alive, drop("odd"), false, ""},
		{"delete of an expired value", dying, drop("old"), false, ""},
		{"delete of a missing key", missing, drop(""), false, ""},
		{"delete of an empty value", empty, drop(""), true, "-"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, clock := newDisk(t), newHandClock()
			w := newScribe(t, d, clock, ledger{})
			c.before(w)
			seq := w.s.Stats().LastSeq
			got, err := c.do(w.s)
			require.NoError(t, err)
			require.Equal(t, c.want, got)
			require.Equal(t, c.want, w.s.Stats().LastSeq > seq, "no is not written")
			switch c.after {
			case "-":
				delete(w.book, "k")
			case "new":
				w.book["k"] = holding{"new", clock.in(time.Hour)}
			}
			requireHoldings(t, w.book, w.s, "after it")
			w.reopen(d)
			requireHoldings(t, w.book, w.s, "reopened")
			require.NoError(t, w.s.Close())
		})
	}
}

// TestConditionalWritesCheckTheirArguments gives them what is out of bounds,
// and a store that cannot write.
func TestConditionalWritesCheckTheirArguments(t *testing.T) {
	d, clock := newDisk(t), newHandClock()
	opts := onDisk(d, clock)
	opts.MaxValueSize = 10
	s := mustOpen(t, opts)
	all := func(key string, value []byte, ttl time.Duration) (errs []error) {
		_, err := s.SetNX(key, value, ttl)
		errs = append(errs, err)
		_, err = s.CompareAndSwap(key, nil, value, ttl)
		return append(errs, err)
	}
	for _, err := range all("", nil, 0) {
		require.ErrorIs(t, err, ErrInvalidKey)
	}
	for _, err := range all(strings.Repeat("k", MaxKeySize+1), nil, 0) {
		require.ErrorIs(t, err, ErrInvalidKey)
	}
	for _, err := range all("k", make([]byte, 11), 0) {
		require.ErrorIs(t, err, ErrValueTooLarge)
	}
	for _, err := range all("k", nil, -1) {
		require.ErrorIs(t, err, ErrInvalidTTL)
	}
	_, err := s.CompareAndDelete("", nil)
	require.ErrorIs(t, err, ErrInvalidKey)

	require.NoError(t, s.Close())
	for _, err := range all("k", nil, 0) {
		require.ErrorIs(t, err, ErrStoreClosed)
	}
	opts.ReadOnly = true
	s = mustOpen(t, opts)
	for _, err := range all("k", nil, 0) {
		require.ErrorIs(t, err, ErrReadOnly)
	}
	require.NoError(t, s.Close())
}

// TestOneWinnerEachRound has 8 goroutines, under every policy at once, claim a
// key, swap it and delete it.
func TestOneWinnerEachRound(t *testing.T) {
	s := mustOpen(t, onDisk(newDisk(t), newHandClock()))
	race := func(deed string, do func(s *KVStore, me []byte) (bool, error)) (winner []byte) {
		var all sync.WaitGroup
		var wins atomic.Int64
		var mu sync.Mutex
		for w := range 8 {
			s, me := s.WithSync(SyncPolicy(w%3)), fmt.Append(nil, w)
			all.Go(func() {
				won, err := do(s, me)
				if err != nil {
					t.Error(err)
				}
				if won {
					wins.Add(1)
					mu.Lock()
					winner = me
					mu.Unlock()
				}
			})
		}
		all.Wait()
		require.Equal(t, int64(1), wins.Load(), deed)
		return winner
	}
	for range fewer(200) {
		first := race("claim", func(s *KVStore, me []byte) (bool, error) { return s.SetNX("k", me, 0) })
		second := race("swap", func(s *KVStore, me []byte) (bool, error) {
			return s.CompareAndSwap("k", first, append([]byte("second "), me...), 0)
		})
		got, err := s.Get("k")
		require.NoError(t, err)
		require.Equal(t, "second "+string(second), string(got))
		race("delete", func(s *KVStore, _ []byte) (bool, error) { return s.CompareAndDelete("k", got) })
		require.False(t, s.Exists("k"))
	}
	require.NoError(t, s.Close())
}

// TestConditionsJudgeWhatWaits has a value wait for its sync: it counts, and
// no answer that rests on it is given before.
func TestConditionsJudgeWhatWaits(t *testing.T) {
	s, g := newGate(t)
	var all sync.WaitGroup
	all.Go(func() { assert.NoError(t, s.Set("k", []byte("1"), 0)) })
	<-g.arrived
	answers := make(chan string, 9)
	ask := func(name string, do func() (bool, error)) {
		all.Go(func() {
			ok, err := do()
			assert.NoError(t, err)
			answers <- fmt.Sprint(name, " ", ok)
		})
	}
	swap := func(s *KVStore, old, new string) func() (bool, error) {
		return func() (bool, error) { return s.CompareAndSwap("k", []byte(old), []byte(new), 0) }
	}
	ask("swap", swap(s, "1", "2"))
	waiting(t, s, 1)
	ask("swap of what was swapped", swap(s.WithSync(SyncNever), "1", "3"))
	ask("claim", func() (bool, error) { return s.WithSync(SyncNever).SetNX("k", nil, 0) })
	ask("swap under another policy", swap(s.WithSync(SyncNever), "2", "4"))
	waiting(t, s, 2)
	require.False(t, s.Exists("k"))

	g.leave <- nil
	<-g.arrived
	require.Empty(t, answers)
	g.leave <- nil
	all.Wait()
	close(answers)
	require.ElementsMatch(t, []string{
		"swap true", "swap of what was swapped false", "claim false", "swap under another policy true",
	}, collect(func(yield func(string) bool) {
		for a := range answers {
			if !yield(a) {
				return
			}
		}
	}))
	got, err := s.Get("k")
	require.NoError(t, err)
	require.Equal(t, "4", string(got))
}

// TestNoIsDurableToo asks, under SyncAlways, for what was written without a
// sync: the power may fail right after the answer.
func TestNoIsDurableToo(t *testing.T) {
	d, clock := newDisk(t), newHandClock()
	s := mustOpen(t, onDisk(d, clock))
	require.NoError(t, s.WithSync(SyncNever).Set("k", []byte("theirs"), 0))
	ok, err := s.SetNX("k", []byte("mine"), 0)
	require.NoError(t, err)
	require.False(t, ok)
	lost := mustOpen(t, onDisk(d.CrashClone(nil, vfs.DropAll), clock))
	got, err := lost.Get("k")
	require.NoError(t, err)
	require.Equal(t, "theirs", string(got))
	require.NoError(t, lost.Close())
	require.NoError(t, s.Close())
}
