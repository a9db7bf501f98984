package verify

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/spcent/plumego/store/kv"
)

// window is how long a counter of TestWindows counts from its first hit.
const window = 2 * time.Second

// TestWindows hits a counter every millisecond, as a rate limiter does, and
// wants it to begin anew to the millisecond when its window is over, however
// often it was hit in between: also when the store was closed in the middle
// of a window and opened again, or its process has died there, and whether
// or not the sweeper or the compaction come by.
func TestWindows(t *testing.T) {
	const hits = int64(window / time.Millisecond) // in a window
	for _, eager := range []time.Duration{-1, 1} {
		w := newRateLimiter(t, eager)
		most := int64(rounds(30))
		rng := randomFor("windows", int(eager))
		for n := range most {
			befalls, at := n%3, 1+rng.Int64N(hits-1)
			for hit := range hits {
				if hit == at && befalls == 1 {
					w.reopen()
				} else if hit == at && befalls == 2 {
					w.die()
				}
				w.hit(n, hit)
			}
		}
		if _, err := w.s.Verify(t.Context()); err != nil {
			t.Error(err)
		}
		must(w.s.Close())
		t.Logf("%d windows of %d hits, sweeper and compaction at %v, seed %d", most, hits, eager, *seed)
	}
}

// rateLimiter is a store with one counter, and its clock.
type rateLimiter struct {
	t     *testing.T
	root  string
	lives int
	opts  kv.Options
	clock *handClock
	s     *kv.KVStore
}

func newRateLimiter(t *testing.T, eager time.Duration) *rateLimiter {
	w := &rateLimiter{t: t, root: scratch(t), clock: newHandClock()}
	w.opts = kv.Options{
		DataDir: filepath.Join(w.root, "0"), Sync: kv.SyncNever, SegmentSize: 4 << 10,
		SweepInterval: eager, CompactInterval: eager, Now: w.clock.now,
	}
	t.Cleanup(func() { _ = os.RemoveAll(w.root) })
	w.s = open(t, w.opts)
	return w
}

// hit counts, at times in a transaction, and a millisecond passes.
func (w *rateLimiter) hit(n, hit int64) {
	const key = "hits"
	alive := w.s.Exists(key)
	count := w.s.Incr
	if hit%3 == 0 {
		count = w.incrInTx
	}
	sum, err := count(key, 1, window)
	left, missing := w.s.TTL(key)
	if err != nil || missing != nil {
		w.t.Fatalf("window %d, hit %d: %v, %v", n, hit, err, missing)
	}
	if want := window - time.Duration(hit)*time.Millisecond; sum != hit+1 || left != want || alive != (hit > 0) {
		w.t.Fatalf("-seed %d, window %d, hit %d: there before: %t; the sum is %d, and %v are left, want %v", *seed, n, hit, alive, sum, left, want)
	}
	w.clock.pass(time.Millisecond)
}

func (w *rateLimiter) incrInTx(key string, delta int64, ttl time.Duration) (sum int64, err error) {
	err = w.s.Update(func(tx *kv.Tx) error {
		sum, err = tx.Incr(key, delta, ttl)
		return err
	})
	return sum, err
}

func (w *rateLimiter) reopen() {
	must(w.s.Close())
	w.s = open(w.t, w.opts)
}

// die goes on with what the process would leave if it died now.
func (w *rateLimiter) die() {
	dead := w.s
	from := w.opts.DataDir
	w.lives++
	w.opts.DataDir = filepath.Join(w.root, strconv.Itoa(w.lives))
	copyDir(w.t, from, w.opts.DataDir)
	must(dead.Close())
	w.s = open(w.t, w.opts)
}
