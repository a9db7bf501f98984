package kv

import (
	"errors"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var errFn = errors.New("the function's own")

// TestUpdateThatFailsLeavesNothing ends fn in every way but the good one.
func TestUpdateThatFailsLeavesNothing(t *testing.T) {
	for name, end := range map[string]func() error{
		"error":  func() error { return errFn },
		"panic":  func() error { panic("the function's own") },
		"goexit": func() error { runtime.Goexit(); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			d, clock := newDisk(t), newHandClock()
			w := newScribe(t, d, clock, ledger{})
			w.set("a", "1", 0)
			w.set("n", "41", time.Hour)
			before := w.s.Stats().AppendedBytes
			done := make(chan error, 1)
			go func() {
				var err error
				defer func() { _ = recover(); done <- err }()
				err = w.s.Update(func(tx *Tx) error {
					assert.NoError(t, tx.Set("a", []byte("2"), 0))
					assert.NoError(t, tx.Set("b", []byte("2"), 0))
					assert.NoError(t, tx.Delete("n"))
					_, err := tx.Get("a")
					assert.NoError(t, err)
					return end()
				})
			}()
			if err := <-done; name == "error" {
				require.Equal(t, errFn, err)
			}
			require.Equal(t, before, w.s.Stats().AppendedBytes)
			require.Zero(t, w.s.Stats().Snapshots)
			require.Zero(t, w.s.engine.journal.reading)
			w.set("a", "3", 0)
			requireHoldings(t, w.book, w.s, "after it")
			w.reopen(d)
			requireHoldings(t, w.book, w.s, "reopened")
			require.NoError(t, w.s.Close())
		})
	}
}

// TestUpdateReadsItsOwnWrites asks for every kind of write by every kind of
// read, while readers outside see none.
func TestUpdateReadsItsOwnWrites(t *testing.T) {
	d, clock := newDisk(t), newHandClock()
	w := newScribe(t, d, clock, ledger{})
	for _, key := range []string{"k1", "k3", "k5", "k7", "other"} {
		w.set(key, "old "+key, time.Hour)
	}
	w.set("n", "40", time.Minute)
	before := w.book.clone()
	require.NoError(t, w.s.Update(func(tx *Tx) error {
		value := []byte("new k2")
		require.NoError(t, tx.Set("k2", value, 0))
		value[0] = 'X'
		require.NoError(t, tx.Set("k3", []byte("new k3"), 2*time.Hour))
		require.NoError(t, tx.Delete("k5"))
		require.NoError(t, tx.Delete("k6"))
		require.NoError(t, tx.Expire("k7", 0))
		require.NoError(t, tx.SetUntil("k1", []byte("dead at once"), clock.now()))
		require.NoError(t, tx.Set("k9", []byte("gone again"), 0))
		require.NoError(t, tx.Delete("k9"))
		require.NoError(t, tx.Set("k8", nil, 0))
		require.NoError(t, tx.Expire("k8", time.Second))
		for want := int64(41); want < 44; want++ {
			sum, err := tx.Incr("n", 1, 99*time.Hour)
			require.NoError(t, err)
			require.Equal(t, want, sum)
		}
		sum, err := tx.Incr("fresh", -3, time.Hour)
		require.NoError(t, err)
		require.Equal(t, int64(-3), sum)

		require.ErrorIs(t, tx.Expire("k5", time.Hour), ErrKeyNotFound)
		_, err = tx.Incr("k7", 1, 0)
		require.ErrorIs(t, err, ErrNotInteger)
		for _, key := range []string{"k1", "k5", "k6", "k9", "nobody"} {
			require.False(t, tx.Exists(key))
			_, err := tx.Get(key)
			require.ErrorIs(t, err, ErrKeyNotFound)
		}
		want := []Item{
			{Key: "k2", Value: []byte("new k2")},
			{Key: "k3", Value: []byte("new k3"), Deadline: asTime(clock.in(2 * time.Hour))},
			{Key: "k7", Value: []byte("old k7"), Version: 4},
			{Key: "k8", Value: []byte{}, Deadline: asTime(clock.in(time.Second))},
		}
		var got []Item
		for item, err := range tx.Scan("k") {
			require.NoError(t, err)
			got = append(got, item)
			require.NoError(t, tx.Set("k4", nil, 0), "which the loop does not see")
			require.NoError(t, tx.Delete("k4"))
		}
		require.Equal(t, want, got)
		for _, item := range want {
			one, err := tx.GetItem(item.Key)
			require.NoError(t, err)
			require.Equal(t, item, one)
		}
		requireHoldings(t, before, w.s, "outside")
		return nil
	}))
	w.book = ledger{
		"k2": {value: "new k2"}, "k3": {"new k3", clock.in(2 * time.Hour)}, "k7": {value: "old k7"},
		"k8": {"", clock.in(time.Second)}, "n": {"43", clock.in(time.Minute)}, "fresh": {"-3", clock.in(time.Hour)},
		"other": before["other"],
	}
	requireHoldings(t, w.book, w.s, "done")
	w.reopen(d)
	requireHoldings(t, w.book, w.s, "reopened")
	require.NoError(t, w.s.Close())
}

// TestUpdateRunsAgain changes, during the first run, something that it has
// read, or not.
func TestUpdateRunsAgain(t *testing.T) {
	readAll := func(tx *Tx) {
		for range tx.Scan("k") {
		}
	}
	readFirst := func(tx *Tx) {
		for range tx.Scan("k") {
			break
		}
	}
	get := func(key string) func(*Tx) { return func(tx *Tx) { _, _ = tx.Get(key) } }
	set := func(key string) func(*KVStore) error {
		return func(s *KVStore) error { return s.Set(key, []byte("1"), 0) }
	}
	for _, c := range []struct {
		name   string
		read   func(*Tx)
		change func(*KVStore) error
		runs   int
	}{
		{"a value", get("k2"), set("k2"), 2},
		{"a deadline", get("k2"), func(s *KVStore) error { return s.Expire("k2", time.Hour) }, 2},
		{"deleted", get("k2"), func(s *KVStore) error { return s.Delete("k2") }, 2},
		{"an absent key appears", get("k3"), set("k3"), 2},
		{"another key", get("k2"), set("k4"), 1},
		{"nothing was read", func(*Tx) {}, set("k2"), 1},
		{"by another Update", get("k2"), func(s *KVStore) error {
			return s.Update(func(tx *Tx) error { _, err := tx.Incr("k2", 1, 0); return err })
		}, 2},
		{"by the same value", get("k2"), set("k2"), 2},
		{"in a range", readAll, set("k4"), 2},
		{"a key comes into a range", readAll, set("k5"), 2},
		{"a key leaves a range", readAll, func(s *KVStore) error { return s.Delete("k4") }, 2},
		{"outside a range", readAll, set("l"), 1},
		{"behind the end of a loop", readFirst, set("k4"), 1},
		{"before the end of a loop", readFirst, set("k1"), 2},
		{"at the end of a loop", readFirst, set("k2"), 2},
		{"more than the journal holds", get("k2"), func(s *KVStore) error {
			for range journalSize + 1 {
				if err := s.WithSync(SyncNever).Set("other", nil, 0); err != nil {
					return err
				}
			}
			return nil
		}, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := mustOpen(t, Options{InMemory: true, SweepInterval: -1, CompactInterval: -1, Now: newHandClock().now})
			for _, key := range []string{"k2", "k4"} {
				require.NoError(t, s.Set(key, []byte("0"), 0))
			}
			runs := 0
			require.NoError(t, s.Update(func(tx *Tx) error {
				runs++
				c.read(tx)
				if runs == 1 {
					require.NoError(t, c.change(s))
				}
				return tx.Set("result", []byte{byte(runs)}, 0)
			}))
			require.Equal(t, c.runs, runs)
			got, err := s.Get("result")
			require.NoError(t, err)
			require.Equal(t, []byte{byte(runs)}, got)
			require.NoError(t, s.Close())
		})
	}
}

// TestUpdateRunsAgainWhenTimeHasCome lets a key expire between its read and
// the end, exactly and one millisecond before.
func TestUpdateRunsAgainWhenTimeHasCome(t *testing.T) {
	for _, passes := range []time.Duration{time.Second - time.Millisecond, time.Second} {
		clock := newHandClock()
		s := mustOpen(t, Options{InMemory: true, SweepInterval: -1, Now: clock.now})
		require.NoError(t, s.Set("lock", nil, time.Second))
		var seen []bool
		require.NoError(t, s.Update(func(tx *Tx) error {
			seen = append(seen, tx.Exists("lock"))
			if len(seen) == 1 {
				clock.pass(passes)
				require.True(t, tx.Exists("lock"), "time stands still")
			}
			return tx.Set("done", nil, 0)
		}))
		want := []bool{true}
		if passes == time.Second {
			want = []bool{true, false}
		}
		require.Equal(t, want, seen)
		require.NoError(t, s.Close())
	}
}

// TestUpdateSurvivesCompaction moves what a transaction has read.
func TestUpdateSurvivesCompaction(t *testing.T) {
	d, clock := newDisk(t), newHandClock()
	w := newScribe(t, d, clock, ledger{})
	w.set("a", strings.Repeat("a", 300), 0)
	w.set("b", strings.Repeat("b", 300), time.Hour)
	for range 4 {
		w.set("c", strings.Repeat("c", 300), 0)
	}
	runs := 0
	require.NoError(t, w.s.Update(func(tx *Tx) error {
		runs++
		require.True(t, tx.Exists("a"))
		require.NoError(t, w.s.Compact(t.Context()))
		got, err := tx.Get("b")
		require.NoError(t, err)
		require.Equal(t, w.book["b"].value, string(got))
		return tx.Expire("b", 2*time.Hour)
	}))
	require.Equal(t, 1, runs)
	w.book["b"] = holding{w.book["b"].value, clock.in(2 * time.Hour)}
	requireHoldings(t, w.book, w.s, "moved")
	w.reopen(d)
	requireHoldings(t, w.book, w.s, "reopened")
	require.NoError(t, w.s.Close())
}

// TestUpdateDoesNotStarve has every run of a transaction meet a conflict,
// until it has the turn: then others wait.
func TestUpdateDoesNotStarve(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := mustOpen(t, Options{InMemory: true})
		runs, others := 0, make(chan error, 2)
		require.NoError(t, s.Update(func(tx *Tx) error {
			runs++
			_, err := tx.Incr("k", 1, 0)
			require.NoError(t, err)
			if runs <= runsInCrowd {
				return s.Set("k", []byte("10"), 0)
			}
			go func() { others <- s.Set("k", []byte("20"), 0) }()
			go func() {
				others <- s.Update(func(tx *Tx) error { _, err := tx.Incr("n", 1, 0); return err })
			}()
			synctest.Wait()
			require.Empty(t, others, "they wait")
			return nil
		}))
		require.Equal(t, runsInCrowd+1, runs)
		require.NoError(t, errors.Join(<-others, <-others))
		require.NoError(t, s.Close())
	})
}

// TestUpdateInTurnIsNoDeadlock writes to the store from within a function
// that has the turn, and ends it by a panic.
func TestUpdateInTurnIsNoDeadlock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := mustOpen(t, Options{InMemory: true})
		runs := 0
		require.PanicsWithValue(t, "in turn", func() {
			_ = s.Update(func(tx *Tx) error {
				runs++
				require.False(t, tx.Exists("k"))
				start := time.Now()
				require.NoError(t, s.Set("k", nil, 0))
				require.NoError(t, s.Delete("k"))
				if runs > runsInCrowd {
					require.Equal(t, 2*turnPatience, time.Since(start))
					panic("in turn")
				}
				require.Zero(t, time.Since(start))
				return tx.Set("k", nil, 0)
			})
		})
		start := time.Now()
		require.NoError(t, s.Set("k", nil, 0))
		require.Zero(t, time.Since(start), "the turn is over")
		require.NoError(t, s.Close())
	})
}

// TestUpdateThatOvertakesItself writes to the store what it reads, in every
// run.
func TestUpdateThatOvertakesItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := mustOpen(t, Options{InMemory: true})
		runs := 0
		require.ErrorIs(t, s.Update(func(tx *Tx) error {
			runs++
			_ = tx.Exists("k")
			require.NoError(t, s.Set("k", nil, 0))
			return tx.Set("never", nil, 0)
		}), ErrConflict)
		require.Equal(t, runsInCrowd+int(turnLimit/turnPatience), runs)
		require.False(t, s.Exists("never"))
		require.Nil(t, s.engine.turn.gate.Load())
		require.NoError(t, s.Close())
	})
}

// TestUpdateWithinUpdate is two steps, the inner one done first.
func TestUpdateWithinUpdate(t *testing.T) {
	s := mustOpen(t, Options{InMemory: true})
	require.ErrorIs(t, s.Update(func(tx *Tx) error {
		require.NoError(t, tx.Set("outer", nil, 0))
		require.NoError(t, s.Update(func(tx *Tx) error { return tx.Set("inner", nil, 0) }))
		require.NoError(t, s.Set("plain", nil, 0))
		return errFn
	}), errFn)
	require.Equal(t, []string{"inner", "plain"}, collect(s.Keys("")))
	require.NoError(t, s.Close())
}

// TestUpdateHasLimits fills a transaction up to the last byte, and beyond. It
// is longer than a segment, and has one of its own.
func TestUpdateHasLimits(t *testing.T) {
	d, clock := newDisk(t), newHandClock()
	opts := onDisk(d, clock)
	opts.MaxValueSize = 4096
	w := newScribeWith(t, opts, clock, ledger{})
	w.set("first", "1", 0)
	most, value := w.s.engine.maxGroup(), make([]byte, 4096)
	long := strings.Repeat("l", int(most)-len(value)-48-40) // beside the record of k
	require.NoError(t, w.s.Update(func(tx *Tx) error {
		require.ErrorIs(t, tx.Set("k", make([]byte, 4097), 0), ErrValueTooLarge)
		require.ErrorIs(t, tx.Set("", nil, 0), ErrInvalidKey)
		require.ErrorIs(t, tx.Delete(strings.Repeat("k", MaxKeySize+1)), ErrInvalidKey)
		require.ErrorIs(t, tx.Set("k", nil, -1), ErrInvalidTTL)
		require.NoError(t, tx.Set("k", nil, 0))
		require.ErrorIs(t, tx.Set(long+"l", value, 0), ErrTxTooLarge)
		require.NoError(t, tx.Set(long, value, 0))
		require.Equal(t, most, tx.size)
		require.ErrorIs(t, tx.Set("k", make([]byte, 9), 0), ErrTxTooLarge)
		require.ErrorIs(t, tx.Set("m", nil, 0), ErrTxTooLarge)
		require.NoError(t, tx.Delete("k"), "in the place of what was there")
		return nil
	}))
	w.book[long] = holding{value: string(value)}
	requireHoldings(t, w.book, w.s, "written")
	w.set("last", "1", 0)
	w.reopen(d)
	requireHoldings(t, w.book, w.s, "reopened")
	require.NoError(t, w.s.Close())
}

// TestUpdateOfAStoreThatCannotWrite asks one that is closed, read-only or
// poisoned.
func TestUpdateOfAStoreThatCannotWrite(t *testing.T) {
	d, clock := newDisk(t), newHandClock()
	s := mustOpen(t, onDisk(d, clock))
	require.NoError(t, s.Set("k", []byte("old"), 0))
	failSyncs(d)
	write := func(tx *Tx) error {
		got, err := tx.Get("k")
		require.NoError(t, err)
		require.Equal(t, "old", string(got))
		return tx.Set("k", []byte("new"), 0)
	}
	require.ErrorIs(t, s.Update(write), ErrPoisoned)
	require.ErrorIs(t, s.Update(write), ErrPoisoned)
	require.NoError(t, s.Update(func(tx *Tx) error { _, err := tx.Get("k"); return err }), "reads go on")
	d.SetHook(nil)

	var kept *Tx
	require.ErrorIs(t, s.Update(func(tx *Tx) error {
		kept = tx
		require.ErrorIs(t, s.Close(), ErrPoisoned)
		_, err := tx.Get("k")
		require.ErrorIs(t, err, ErrStoreClosed)
		return tx.Set("k", nil, 0)
	}), ErrStoreClosed)
	require.ErrorIs(t, s.Update(func(*Tx) error { panic("never called") }), ErrStoreClosed)

	_, err := kept.Get("k")
	require.ErrorIs(t, err, ErrTxDone)
	require.ErrorIs(t, kept.Set("k", nil, 0), ErrTxDone)
	require.False(t, kept.Exists("k"))
	for _, err := range kept.Scan("") {
		require.ErrorIs(t, err, ErrTxDone)
	}

	opts := onDisk(d, clock)
	s = mustOpen(t, opts)
	require.NoError(t, s.Close())
	opts.ReadOnly = true
	s = mustOpen(t, opts)
	require.ErrorIs(t, s.Update(func(*Tx) error { panic("never called") }), ErrReadOnly)
	require.NoError(t, s.Close())
}

// TestUpdateWithoutWrites writes nothing.
func TestUpdateWithoutWrites(t *testing.T) {
	d, clock := newDisk(t), newHandClock()
	s := mustOpen(t, onDisk(d, clock))
	require.NoError(t, s.Set("k", nil, 0))
	before := s.Stats()
	require.NoError(t, s.Update(func(*Tx) error { return nil }))
	require.NoError(t, s.Update(func(tx *Tx) error { return tx.Delete("nobody") }))
	require.NoError(t, s.Update(func(tx *Tx) error { _, err := tx.Get("k"); return err }))
	after := s.Stats()
	require.Equal(t, before.LastSeq, after.LastSeq)
	require.Equal(t, before.Syncs, after.Syncs)
	require.NoError(t, s.Close())
}

// TestVersionsStay reads versions before and after a compaction and a reopen,
// and lets a deadline change.
func TestVersionsStay(t *testing.T) {
	d, clock := newDisk(t), newHandClock()
	w := newScribe(t, d, clock, ledger{})
	for _, key := range []string{"a", "b", "c"} {
		w.set(key, strings.Repeat(key, 300), 0)
		w.set("rest", strings.Repeat("r", 300), 0)
	}
	versions := func() (list []uint64) {
		for _, key := range []string{"a", "b", "c"} {
			item, err := w.s.GetItem(key)
			require.NoError(t, err)
			require.Equal(t, w.book[key], holding{string(item.Value), asDeadline(item.Deadline)})
			list = append(list, item.Version)
		}
		return list
	}
	want := []uint64{1, 3, 5}
	require.Equal(t, want, versions())
	w.expire("b", time.Hour)
	require.Equal(t, want, versions(), "the value is the same")
	require.NoError(t, w.s.Compact(t.Context()))
	require.Equal(t, want, versions())
	w.reopen(d)
	require.Equal(t, want, versions())
	w.set("a", "new", 0)
	require.Equal(t, []uint64{8, 3, 5}, versions(), "greater than any before")
	_, err := w.s.GetItem("nobody")
	require.ErrorIs(t, err, ErrKeyNotFound)
	require.NoError(t, w.s.Close())
}
