package keydir

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// Every key is written by one goroutine, so each knows what it must find;
// readers, folds, ranges and the sweeper meet all of them.
func TestEverythingAtOnce(t *testing.T) {
	const writers, keysEach, ops = 4, 200, 4000
	d := New(epoch)
	var clock atomic.Int64
	clock.Store(epoch)
	var stop atomic.Bool
	var working, others sync.WaitGroup
	for w := range writers {
		working.Go(func() { writeAndCompare(t, d, w, keysEach, ops, &clock) })
	}
	for _, deed := range []func(rng *rand.Rand){
		func(*rand.Rand) { d.Fold() },
		func(rng *rand.Rand) { rangeInOrder(t, d, rng) },
		func(rng *rand.Rand) { find(d, writerKey(rng.IntN(writers), rng.IntN(keysEach))) },
		func(*rand.Rand) { d.Expire(clock.Add(1), 10, func(Entry) {}) },
		func(*rand.Rand) { d.Barrier(); d.NextDeadline(); d.Len(); d.Backlog(); d.Bytes() },
		func(*rand.Rand) {
			if err := d.Check(); err != nil {
				t.Error(err)
			}
		},
	} {
		others.Go(func() {
			for rng := rand.New(rand.NewPCG(6, 6)); !stop.Load(); {
				deed(rng)
			}
		})
	}
	working.Wait()
	stop.Store(true)
	others.Wait()
	check(t, d)
}

// writerKey returns a key that no other writer uses, some of them long.
func writerKey(w, i int) string {
	return fmt.Sprintf("%s%03d/%d", strings.Repeat("k", i%5*300), i, w)
}

func writeAndCompare(t *testing.T, d *Keydir, w, keys, ops int, clock *atomic.Int64) {
	rng := rand.New(rand.NewPCG(uint64(w), 7))
	want := map[string]Entry{}
	for range ops {
		key := writerKey(w, rng.IntN(keys))
		h := d.Hash(key)
		switch rng.IntN(5) {
		case 0, 1:
			e := Entry{Segment: rng.Uint32N(MaxSegment), Offset: 8, Size: 8}
			if rng.IntN(2) == 0 {
				e.Deadline = clock.Load() + rng.Int64N(20_000)
			}
			if _, _, err := d.Put(h, key, e); err != nil {
				t.Error(err)
			}
			want[key] = e
		case 2:
			d.Delete(h, key)
			delete(want, key)
		case 3:
			if e, ok := want[key]; ok && d.SetDeadline(h, key, 0) {
				e.Deadline = 0
				want[key] = e
			}
		case 4:
			got, ok := find(d, key)
			e, present := want[key]
			expired := present && !ok && e.Deadline != 0 && e.Deadline <= clock.Load()
			if !expired && (ok != present || got != e) {
				t.Errorf("got %v %v, want %v %v", got, ok, e, present)
			}
		}
	}
}

func rangeInOrder(t *testing.T, d *Keydir, rng *rand.Rand) {
	pairs := d.Range(nil, writerKey(0, rng.IntN(200)), "", 50)
	if !slices.IsSortedFunc(pairs, func(a, b Pair) int { return strings.Compare(a.Key, b.Key) }) {
		t.Error("Range returned keys out of order")
	}
}

// A value may be taken away once no reader can hold an entry that leads to
// it: that is what Barrier is for.
func TestBarrierWaitsForReaders(t *testing.T) {
	for name, reader := range map[string]struct {
		hold, letGo func(*Stripe)
		look        func(s *Stripe, h uint64) (segment uint32)
	}{
		"of entries": {(*Stripe).RLock, (*Stripe).RUnlock, func(s *Stripe, h uint64) uint32 {
			e, _ := s.Find(h, "k")
			return e.Segment
		}},
		"who have a pin": {(*Stripe).Pin, (*Stripe).Unpin, func(s *Stripe, h uint64) uint32 {
			segment, _, _, _ := s.Locate(h)
			return segment
		}},
	} {
		t.Run(name, func(t *testing.T) { waitsFor(t, reader.hold, reader.letGo, reader.look) })
	}
}

func waitsFor(t *testing.T, hold, letGo func(*Stripe), look func(*Stripe, uint64) uint32) {
	d := New(epoch)
	put(t, d, "k", 1)
	var retired atomic.Bool
	var readers sync.WaitGroup
	started := make(chan struct{}, 4)
	for range 4 {
		readers.Go(func() {
			s := d.Stripe(d.Hash("k"))
			for first := true; ; first = false {
				hold(s)
				segment := look(s, d.Hash("k"))
				for range 100 { // a value to copy
					if segment == 1 && retired.Load() {
						t.Error("a reader was led to a retired segment")
					}
				}
				letGo(s)
				if first {
					started <- struct{}{}
				}
				if segment == 2 {
					return
				}
			}
		})
	}
	for range 4 {
		<-started
	}
	put(t, d, "k", 2)
	d.Barrier()
	retired.Store(true)
	readers.Wait()
}
