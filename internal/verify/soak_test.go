package verify

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/spcent/plumego/store/kv"
)

var soak = flag.Duration("soak", 20*time.Second/time.Duration(shrunk()), "how long TestSoak works")

// TestSoak, T30, is a working day in small: readers and writers at every
// key, deadlines that come all the time, snapshots and scans that come and
// go, compaction. When it has warmed up nothing may grow any more: not the
// memory of the process, its descriptors and goroutines, nor the directory
// beyond its documented bound. Every value read is compared, and at the end
// the store is closed, everything is given back, and it is opened, compared
// and verified once more.
//
// A failure means a leak, or a store that cannot keep up with its garbage.
func TestSoak(t *testing.T) {
	dir := t.TempDir()
	before := takeMeasure(dir)
	opts := kv.Options{DataDir: dir, SegmentSize: soakSegment, Sync: kv.SyncInterval, CompactInterval: time.Second}
	s := open(t, opts)
	ctx, cancel := context.WithTimeout(t.Context(), *soak)
	defer cancel()
	var working sync.WaitGroup
	workers := make([]*worker, 2)
	for i := range workers {
		workers[i] = &worker{t: t, s: s, id: i, rng: randomFor("T30", i), book: map[int]string{}}
		working.Go(func() { workers[i].work(ctx) })
	}
	working.Go(func() { visit(ctx, t, s) })
	working.Go(func() { visit(ctx, t, s) })
	warm, most := watch(ctx, t, s, dir)
	working.Wait()

	for _, w := range workers {
		w.compare(s)
	}
	st := s.Stats()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	after := settled(dir, before)
	if after.goroutines > before.goroutines || after.fds > before.fds {
		t.Errorf("before: %v, after Close: %v", before, after)
	}
	s = open(t, opts)
	for _, w := range workers {
		w.compare(s)
	}
	_, err := s.Verify(t.Context())
	if err := errors.Join(err, s.Close()); err != nil {
		t.Error(err)
	}
	calls := 0
	for _, w := range workers {
		calls += w.calls
	}
	t.Logf("T30: %v, %d calls, %d keys, %d swept, %d rewrites; warmed up: %v; at most since: %v; seed %d",
		*soak, calls, st.Keys, st.Expired, st.Compactions, warm, most, *seed)
}

const (
	soakSegment = 1 << 20
	soakKeys    = 10_000 // of each worker
)

// watch measures until the time is up: first, while the store fills and the
// compaction finds its pace, to know what is usual, and then to find
// anything beyond.
func watch(ctx context.Context, t *testing.T, s *kv.KVStore, dir string) (warm, most measure) {
	begun, tick := time.Now(), time.NewTicker(50*time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return warm, most
		case <-tick.C:
		}
		now, st := takeMeasure(dir), s.Stats()
		now.checkDisk(t, st)
		if time.Since(begun) < *soak/3 || st.Compactions < 10 {
			warm = warm.max(now)
			continue
		}
		most = most.max(now)
		if now.exceeds(warm) && !t.Failed() {
			t.Errorf("warmed up: %v; %v later: %v", warm, time.Since(begun), now)
		}
	}
}

// worker does what a server does to keys of its own, and remembers those
// that do not expire.
type worker struct {
	t     *testing.T
	s     *kv.KVStore
	id    int
	rng   *rand.Rand
	book  map[int]string
	calls int
}

func (w *worker) key(i int) string { return fmt.Sprintf("worker-%d-key-%d", w.id, i) }

func (w *worker) work(ctx context.Context) {
	for i := range soakKeys {
		w.set(i)
	}
	for ; ctx.Err() == nil && !w.t.Failed(); w.calls++ {
		i := w.rng.IntN(soakKeys)
		switch n := w.rng.IntN(100); {
		case n < 80:
			w.get(w.s, i)
		case n < 90:
			w.set(i)
		case n < 95:
			w.visitor()
		default:
			w.check(w.s.Delete(w.key(i)))
			delete(w.book, i)
		}
	}
}

func (w *worker) set(i int) {
	value := fmt.Sprint(w.calls, strings.Repeat(" of some length", w.rng.IntN(30)))
	w.check(w.s.Set(w.key(i), []byte(value), 0))
	w.book[i] = value
}

// visitor leaves a session of a second or two.
func (w *worker) visitor() {
	key := fmt.Sprintf("visitor-%d-%d", w.id, w.rng.IntN(soakKeys))
	value := []byte(key + strings.Repeat(" was here", w.rng.IntN(30)))
	w.check(w.s.Set(key, value, time.Second+time.Duration(w.rng.Int64N(int64(time.Second)))))
}

func (w *worker) get(s *kv.KVStore, i int) {
	value, err := s.Get(w.key(i))
	want, there := w.book[i]
	if there != (err == nil) || string(value) != want {
		w.t.Errorf("worker %d, key %d: got %.20q, %v, want %.20q, %t", w.id, i, value, err, want, there)
	}
}

func (w *worker) compare(s *kv.KVStore) {
	for i := range soakKeys {
		w.get(s, i)
	}
}

func (w *worker) check(err error) {
	if err != nil {
		w.t.Error(err)
	}
}

// visit takes snapshots, reads all or some of each, forward or backward, and
// leaves some open for a while.
func visit(ctx context.Context, t *testing.T, s *kv.KVStore) {
	var kept []*kv.Snapshot
	for n := 0; ctx.Err() == nil && !t.Failed(); n++ {
		snapshot, err := s.Snapshot()
		if err != nil {
			t.Error(err)
			return
		}
		kept = append(kept, snapshot)
		seen := 0
		for item, err := range snapshot.Scan("visitor-") {
			if err != nil || !strings.HasPrefix(string(item.Value), item.Key) {
				t.Errorf("%.20q: %v", item.Value, err)
			}
			if seen++; seen == 100*(n%7) {
				break
			}
		}
		if len(kept) == 4 {
			for _, snapshot := range kept {
				if err := snapshot.Close(); err != nil {
					t.Error(err)
				}
			}
			kept = nil
		}
	}
	for _, snapshot := range kept {
		if err := snapshot.Close(); err != nil {
			t.Error(err)
		}
	}
}

// settled measures once more when goroutines that have said that they are
// done are gone.
func settled(dir string, before measure) (after measure) {
	for range 1_000_000 {
		if runtime.NumGoroutine() <= before.goroutines {
			break
		}
		runtime.Gosched()
	}
	return takeMeasure(dir)
}
