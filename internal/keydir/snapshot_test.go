package keydir

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
)

// A ghost that a snapshot sees keeps its place, one that it does not see goes.
func TestFoldLeavesWhatASnapshotSees(t *testing.T) {
	d := New(epoch)
	put(t, d, "folded", 1)
	d.Fold()
	put(t, d, "queued", 2)
	n := d.Snapshot()
	put(t, d, "later", 3)
	for _, key := range []string{"folded", "queued", "later"} {
		d.Delete(d.Hash(key), key)
	}
	check(t, d)
	pairs, more := n.Cursor("", "", Ascending, Whole).Next(nil, 10)
	if len(pairs) != 2 || pairs[0].Key != "folded" || pairs[1].Key != "queued" || more {
		t.Errorf("got %v %v", pairs, more)
	}
	if got := d.Range(nil, "", "", 10); len(got) != 0 {
		t.Errorf("the index itself has %v", got)
	}
	n.Close()
	check(t, d)
	requireNothingKept(t, d)
}

// A held ghost comes back in its place.
func TestAHeldGhostIsRevived(t *testing.T) {
	d := New(epoch)
	put(t, d, "k", 1)
	n := d.Snapshot()
	d.Delete(d.Hash("k"), "k")
	d.Fold()
	put(t, d, "k", 2)
	check(t, d)
	if got := d.Range(nil, "", "", 10); len(got) != 1 || got[0].Entry.Segment != 2 {
		t.Errorf("now: got %v", got)
	}
	if got, _ := n.Cursor("", "", Descending, Whole).Next(nil, 10); len(got) != 1 || got[0].Entry.Segment != 1 {
		t.Errorf("then: got %v", got)
	}
	n.Close()
	check(t, d)
	requireNothingKept(t, d)
}

// Snapshots of a thousand keys, all overwritten while they are open, cost
// nothing once they are closed.
func TestMemoryGoesBack(t *testing.T) {
	d := New(epoch)
	keys := make([]string, 1000)
	for i := range keys {
		keys[i] = fmt.Sprintf("key %d", i)
		put(t, d, keys[i], 1)
	}
	d.Fold()
	before := d.Bytes()
	for _, order := range [][]int{{0, 1, 2}, {2, 1, 0}, {1, 0, 2}} {
		var open []*Snapshot
		for i := range 3 {
			open = append(open, d.Snapshot())
			for _, key := range keys {
				put(t, d, key, uint32(i+2))
			}
		}
		if got := d.Bytes() - before; got < 3000*undoBytes {
			t.Errorf("three snapshots take %d bytes", got)
		}
		for _, i := range order {
			open[i].Close()
		}
		if after := d.Bytes(); after != before {
			t.Errorf("closed in the order %v: %d bytes, before %d", order, after, before)
		}
	}
}

// A thousand keys that come and go under an open snapshot leave room that they
// use the next time.
func TestGhostsGoBack(t *testing.T) {
	d := New(epoch)
	var size int64
	for round := range 5 {
		var keys []string
		for i := range 1000 {
			keys = append(keys, fmt.Sprintf("key %d", i))
			put(t, d, keys[i], 1)
		}
		n := d.Snapshot()
		for _, key := range keys {
			d.Delete(d.Hash(key), key)
		}
		d.Fold()
		n.Close()
		d.Fold()
		check(t, d)
		requireNothingKept(t, d)
		if round == 0 {
			size = d.Bytes()
		}
	}
	if got := d.Bytes(); got > size {
		t.Errorf("%d bytes after five rounds, %d after one", got, size)
	}
}

// Many takers of snapshots, each of which must see the same from the first
// look to the last, beside writers, the sweeper and folds.
func TestSnapshotsBesideEverything(t *testing.T) {
	d := New(epoch)
	var clock atomic.Int64
	clock.Store(epoch)
	var stop atomic.Bool
	var writers, others sync.WaitGroup
	for w := range 3 {
		writers.Go(func() { writeAndCompare(t, d, w, 200, 4000, &clock) })
	}
	for taker := range 3 {
		others.Go(func() {
			for rng := rand.New(rand.NewPCG(8, uint64(taker))); !stop.Load(); {
				lookTwice(t, d, rng)
			}
		})
	}
	others.Go(func() {
		for !stop.Load() {
			d.Expire(clock.Add(1), 10, func(Entry) {})
			d.Fold()
			if err := d.Check(); err != nil {
				t.Error(err)
			}
		}
	})
	writers.Wait()
	stop.Store(true)
	others.Wait()
	check(t, d)
	requireNothingKept(t, d)
}

// lookTwice compares what a snapshot shows by its ranges and by single keys.
// A mutation that ran beside Snapshot has ended when a cursor has met its key.
func lookTwice(t *testing.T, d *Keydir, rng *rand.Rand) {
	n := d.Snapshot()
	defer n.Close()
	all, _ := n.Cursor("", "", Ascending, Whole).Next(nil, 1<<30)
	for range 20 {
		if len(all) == 0 {
			return
		}
		want := all[rng.IntN(len(all))]
		h := d.Hash(want.Key)
		s := d.Stripe(h)
		s.RLock()
		got, ok := n.Find(s, h, want.Key)
		s.RUnlock()
		if !ok || got != want.Entry {
			t.Errorf("got %v %v, want %v", got, ok, want.Entry)
		}
	}
	back, _ := n.Cursor("", "", Descending, Whole).Next(nil, 1<<30)
	if len(back) != len(all) || n.Count(0) != len(all) {
		t.Errorf("%d keys, backward %d, counted %d", len(all), len(back), n.Count(0))
	}
}
