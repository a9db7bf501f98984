package kv

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store/internal/vfs"
)

func TestCompactGivesBackWhatNobodyNeeds(t *testing.T) {
	d := newDisk(t)
	w := newScribe(t, d, newHandClock(), ledger{})
	for i := range 300 {
		w.set(fmt.Sprint("hot", i%10), fmt.Sprint("value ", i), 0)
		w.set(fmt.Sprint("brief", i%50), "x", time.Minute)
		w.incr("n", 1, 0)
	}
	for i := range 30 {
		w.delete(fmt.Sprint("brief", i))
		w.expire(fmt.Sprint("brief", 30+i%20), 30*time.Second)
	}
	w.pass(time.Minute)
	before := w.s.Stats()
	require.NoError(t, w.s.Compact(context.Background()))
	after := w.s.Stats()
	require.Less(t, after.DiskBytes, before.DiskBytes/20)
	require.Zero(t, after.DeadBytes)
	require.Equal(t, len(w.book), after.Keys)
	requireHoldings(t, w.book, w.s, "compacted")

	require.NoError(t, w.s.Compact(context.Background()))
	require.Equal(t, after.Compactions, w.s.Stats().Compactions, "there is nothing more to gain")
	w.reopen(d)
	requireHoldings(t, w.book, w.s, "opened again")
	require.NoError(t, w.s.Close())
}

func TestCompactOfAnEmptyStore(t *testing.T) {
	d := newDisk(t)
	w := newScribe(t, d, newHandClock(), ledger{})
	require.NoError(t, w.s.Compact(context.Background()))
	for i := range 40 {
		w.set(fmt.Sprint(i), "x", time.Second)
	}
	w.pass(time.Second)
	require.NoError(t, w.s.Compact(context.Background()))
	require.Zero(t, w.s.Stats().DeadBytes)
	w.reopen(d)
	requireHoldings(t, ledger{}, w.s, "emptied")
	require.NoError(t, w.s.Close())
	require.ErrorIs(t, w.s.Compact(context.Background()), ErrStoreClosed)
}

func TestCompactObeysItsContext(t *testing.T) {
	w := newScribe(t, newDisk(t), newHandClock(), ledger{})
	for i := range 100 {
		w.set("key", fmt.Sprint(i), 0)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	require.ErrorIs(t, w.s.Compact(ctx), context.Canceled)
	requireHoldings(t, w.book, w.s, "as before")
	require.NoError(t, w.s.Compact(context.Background()))
	require.NoError(t, w.s.Close())
}

// TestNothingResurrects plays, T31, random deeds between the steps of
// compactions of one segment or of all, and then cuts the power or kills the
// process. Every write is durable when it returns, so there is but one state
// that may be left.
func TestNothingResurrects(t *testing.T) {
	schedules := 400 / fewer(5) * 5
	if testing.Short() {
		schedules = 80
	}
	deeds := 0
	for n := range schedules {
		deeds += resurrect(t, n)
	}
	t.Logf("T31: %d schedules, %d deeds before, between and after the steps of compactions, seed %d", schedules, deeds, *seed)
}

func resurrect(t *testing.T, n int) (deeds int) {
	rng := randomFor("T31", n)
	d := newDisk(t)
	if n%2 == 0 {
		d.Placement = vfs.ByCall
	}
	clock := newHandClock()
	var w *scribe
	opts := onDisk(d, clock)
	if n%3 == 0 {
		opts.later = never
	}
	var views []view
	deed := func() {
		deeds++
		if rng.IntN(20) == 0 && len(views) < 4 {
			views = append(views, takeView(t, w))
		}
		if rng.IntN(20) == 0 && len(views) > 0 {
			views[0].check(t)
			views = views[1:]
		}
		key := fmt.Sprint("k", rng.IntN(6))
		_, exists := w.book.at(clock.millis())[key]
		switch rng.IntN(9) {
		case 0, 1:
			w.set(key, fmt.Sprint(deeds, " of ", key, string(make([]byte, rng.IntN(300)))), 0)
		case 2:
			w.set(key, fmt.Sprint(deeds), time.Duration(1+rng.IntN(5))*time.Second)
		case 3, 4:
			w.delete(key)
		case 5, 6:
			if exists {
				w.expire(key, time.Duration(rng.IntN(4))*time.Second)
			}
		case 7:
			w.pass(time.Duration(rng.IntN(3)) * time.Second)
		case 8:
			clock.pass(time.Second)
			w.book = w.book.at(clock.millis())
		}
	}
	between := false
	opts.pause = func(string) {
		for between && rng.IntN(3) == 0 {
			deed()
		}
	}
	w = newScribeWith(t, opts, clock, ledger{})
	for range 25 {
		for range 12 {
			deed()
		}
		between = true
		if rng.IntN(6) == 0 {
			require.NoError(t, w.s.Compact(context.Background()))
		} else {
			require.NoError(t, rewriteOne(w.s, rng.IntN(8)))
		}
		between = false
		if rng.IntN(3) > 0 {
			continue
		}
		where := fmt.Sprintf("schedule %d, -seed %d", n, *seed)
		w.book = w.book.at(clock.millis())
		requireHoldings(t, w.book, w.s, where)
		for _, v := range views {
			v.check(t)
		}
		views = nil
		require.Zero(t, w.s.Stats().PinnedBytes, where)
		var left *vfs.Disk
		switch rng.IntN(3) {
		case 0:
			left = d.KillClone()
		case 1:
			left = d.CrashClone(rng, vfs.DropAll)
		case 2:
			left = d.CrashClone(rng, vfs.Random)
		}
		require.NoError(t, w.s.Close())
		if rng.IntN(4) > 0 {
			d = left
		}
		w.opts.fs = d
		w.s = mustOpenAgain(t, w.opts)
		requireHoldings(t, w.book, w.s, where+", opened again")
	}
	for _, v := range views {
		v.check(t)
	}
	require.NoError(t, w.s.Close())
	return deeds
}

// view is a snapshot and what it should show.
type view struct {
	*Snapshot
	want ledger
}

func takeView(t *testing.T, w *scribe) view {
	n, err := w.s.Snapshot()
	require.NoError(t, err)
	return view{n, w.book.at(w.clock.millis())}
}

// check reads the snapshot whole and closes it.
func (v view) check(t *testing.T) {
	t.Helper()
	got := ledger{}
	for item, err := range v.Scan("") {
		require.NoError(t, err)
		h := holding{value: string(item.Value)}
		if !item.Deadline.IsZero() {
			h.deadline = item.Deadline.UnixMilli()
		}
		got[item.Key] = h
	}
	require.Equal(t, v.want, got)
	require.NoError(t, v.Close())
}

// TestCompactionLeavesWhatReadersDoNotSeeYet has a delete wait for its sync
// while its segment is full, sealed and durable: the tombstone must not be
// judged by an index that still has the key.
func TestCompactionLeavesWhatReadersDoNotSeeYet(t *testing.T) {
	d := newDisk(t)
	opts := onDisk(d, newHandClock())
	judged := make(chan struct{})
	var once sync.Once
	done := func() { once.Do(func() { close(judged) }) }
	opts.pause = func(step string) {
		if step == "install" {
			done()
		}
	}
	opts.Sync = SyncNever
	s := mustOpen(t, opts)
	require.NoError(t, s.Set("victim", make([]byte, 800), 0))
	require.NoError(t, s.Set("filler", make([]byte, 600), 0)) // the next segment
	require.NoError(t, s.Sync())

	var all sync.WaitGroup
	deleted := make(chan error, 1)
	var leads atomic.Bool
	d.SetHook(func(op vfs.Op) error {
		// The leader comes to sync the third segment when the second, which
		// has the tombstone, is durable and sealed.
		if op.Kind == vfs.OpFileSync && leads.Swap(false) {
			all.Go(func() {
				if err := rewriteOne(s, 1); err != nil {
					t.Error(err)
				}
				done()
			})
			<-judged
		}
		return nil
	})
	s.engine.syncing.Lock() // no leader yet
	all.Go(func() { deleted <- s.WithSync(SyncAlways).Delete("victim") })
	waiting(t, s, 1)
	require.NoError(t, s.Set("filler 2", make([]byte, 600), 0)) // the third segment
	leads.Store(true)
	s.engine.syncing.Unlock()
	require.NoError(t, <-deleted)
	all.Wait()
	d.SetHook(nil)
	require.False(t, s.Exists("victim"))
	require.NoError(t, s.Close())
	s = mustOpenAgain(t, onDisk(d, newHandClock()))
	require.False(t, s.Exists("victim"), "the tombstone was compacted away")
	require.NoError(t, s.Close())
}

// TestADeleteDuringACompactionStays deletes a key when its value has been
// copied: the copy is dead, and the tombstone must outlive it.
func TestADeleteDuringACompactionStays(t *testing.T) {
	d := newDisk(t)
	clock := newHandClock()
	opts := onDisk(d, clock)
	var w *scribe
	step := func(string) {}
	opts.pause = func(name string) { step(name) }
	w = newScribeWith(t, opts, clock, ledger{})
	w.set("victim", string(make([]byte, 300)), 0)
	w.set("dead", string(make([]byte, 300)), 0)
	w.set("dead", string(make([]byte, 600)), 0) // the second segment
	step = func(name string) {
		if name == "install" {
			w.delete("victim")
		}
	}
	require.NoError(t, rewriteOne(w.s, 0))
	step = func(string) {}
	w.set("filler", string(make([]byte, 600)), 0) // the third
	require.NoError(t, rewriteOne(w.s, 1))
	w.reopen(d)
	requireHoldings(t, w.book, w.s, "opened again")
	require.NoError(t, w.s.Close())
}

// TestTouchesInForceAreNoGain refreshes keys with small values, so that more
// than half of the store is touches that must be kept. The compactor must not
// go on for ever, with writers waiting for it.
func TestTouchesInForceAreNoGain(t *testing.T) {
	s := mustOpen(t, Options{InMemory: true, Sync: SyncNever, SegmentSize: 4 << 10})
	for i := range 4000 {
		require.NoError(t, s.Set(fmt.Sprint("session:", i), nil, time.Hour))
	}
	for round := range 5 {
		for i := range 4000 {
			require.NoError(t, s.Expire(fmt.Sprint("session:", i), time.Duration(2+round)*time.Hour))
		}
	}
	require.Less(t, s.Stats().DiskBytes, int64(6*4000*64))
	require.NoError(t, s.Compact(context.Background()))
	require.Equal(t, 4000, s.Len())
	u := s.Stats()
	require.LessOrEqual(t, u.DiskBytes, 4*u.LiveBytes)
	t.Logf("%d bytes, %d live, %d copied, %d waits", u.DiskBytes, u.LiveBytes, u.CopiedBytes, u.CompactWaits)
	require.NoError(t, s.Close())
}

// TestTheStoreStaysWithinItsBound overwrites and deletes as fast as it can,
// with the compactor at work, and looks at the disk all the time.
func TestTheStoreStaysWithinItsBound(t *testing.T) {
	const keys = 2000
	s := mustOpen(t, Options{InMemory: true, Sync: SyncNever, SegmentSize: 16 << 10})
	rng := randomFor("bound")
	value := make([]byte, 256)
	most := 0.0
	for i := range 20 * keys {
		key := fmt.Sprint("key", rng.IntN(keys))
		if i < keys {
			key = fmt.Sprint("key", i)
		}
		require.NoError(t, s.Set(key, value, 0))
		if i%100 == 0 && i > keys {
			u := s.Stats()
			most = max(most, float64(u.DiskBytes)/float64(u.LiveBytes))
		}
	}
	require.LessOrEqual(t, most, 2.0)
	u := s.Stats()
	require.NotZero(t, u.Compactions)
	for i := range keys {
		require.NoError(t, s.Delete(fmt.Sprint("key", i)))
	}
	require.LessOrEqual(t, s.Stats().DiskBytes, int64(boundSegments*16<<10))
	t.Logf("disk at most %.2f of live bytes, %.2f bytes copied per byte appended, %d waits",
		most, float64(u.CopiedBytes)/float64(u.AppendedBytes), u.CompactWaits)
	require.NoError(t, s.Close())
}
