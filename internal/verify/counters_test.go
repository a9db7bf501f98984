package verify

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/spcent/plumego/store/kv"
)

const counters = 16

func counterOf(k int) string { return fmt.Sprint("counter:", k) }

// TestCounters has eight callers count in sixteen keys. Nobody is told the
// same sum of a key twice, no sum is left out, and what they come to is there
// afterwards, also when the store is opened again.
func TestCounters(t *testing.T) {
	dir := scratch(t)
	defer os.RemoveAll(dir)
	opts := kv.Options{DataDir: dir, SegmentSize: 1 << 20, Sync: kv.SyncNever, SweepInterval: 1, CompactInterval: 1}
	s := open(t, opts)
	each := rounds(100_000)
	told := make([][counters][]int64, callers)
	var counting sync.WaitGroup
	for id := range callers {
		rng := randomFor("counters", id)
		counting.Go(func() {
			for range each {
				k := rng.IntN(counters)
				sum, err := s.Incr(counterOf(k), 1, 0)
				if err != nil {
					t.Error(err)
					return
				}
				told[id][k] = append(told[id][k], sum)
			}
		})
	}
	counting.Wait()
	want := sumsOf(t, told)
	for _, when := range []string{"counted", "opened again"} {
		for k, got := range readCounters(t, s) {
			if got != want[k] {
				t.Errorf("-seed %d, %s: counter %d is %d, want %d", *seed, when, k, got, want[k])
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = open(t, opts)
	}
	if _, err := s.Verify(t.Context()); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	t.Logf("%d callers, %d counts each, in %d keys: every sum told once, seed %d", callers, each, counters, *seed)
}

// sumsOf returns what the counters must have come to, if of each every sum up
// to that was told, once, and to each caller in order.
func sumsOf(t *testing.T, told [][counters][]int64) (want [counters]int64) {
	for k := range counters {
		all := map[int64]bool{}
		for id := range told {
			last := int64(0)
			for _, sum := range told[id][k] {
				if all[sum] || sum <= last {
					t.Fatalf("-seed %d: caller %d is told %d of counter %d, after %d", *seed, id, sum, k, last)
				}
				all[sum], last = true, sum
				want[k] = max(want[k], sum)
			}
		}
		if int64(len(all)) != want[k] {
			t.Fatalf("-seed %d: counter %d was raised %d times, to %d", *seed, k, len(all), want[k])
		}
	}
	return want
}

func readCounters(t *testing.T, s *kv.KVStore) (all [counters]int64) {
	for k := range all {
		value, err := s.Get(counterOf(k))
		if errors.Is(err, kv.ErrKeyNotFound) {
			continue
		}
		if err == nil {
			all[k], err = strconv.ParseInt(string(value), 10, 64)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// TestCountersAcrossKills has the callers in a process that is killed again
// and again, under SyncAlways. A counter then has every count that was
// acknowledged, and none that nobody has made.
func TestCountersAcrossKills(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store")
	opts := kv.Options{DataDir: dir, SegmentSize: 1 << 10}
	var before [counters]int64
	acked, open, kept, most := int64(0), int64(0), int64(0), rounds(25)
	for life := range most {
		rng := randomFor("counters kill", life)
		var begun, done, told [counters]int64
		lines, until := 0, 1+rng.IntN(1000)
		runChild(t, "counters", func(line string) bool {
			var word string
			var k int
			var sum int64
			if _, err := fmt.Sscan(line, &word, &k, &sum); err != nil || word != "call" && word != "back" {
				t.Fatalf("a child says %q: %v", line, err)
			}
			if word == "call" {
				begun[k]++
			} else {
				done[k], told[k] = done[k]+1, max(told[k], sum)
			}
			lines++
			return lines < until
		}, "VERIFY_DIR="+dir, fmt.Sprint("VERIFY_SEED=", rng.Uint64()))
		after := reopenedCounters(t, opts)
		for k, n := range after {
			if n < told[k] || n < before[k]+done[k] || n > before[k]+begun[k] {
				t.Errorf("-seed %d, life %d: counter %d was %d, is %d; %d calls begun, %d acknowledged, the last with %d",
					*seed, life, k, before[k], n, begun[k], done[k], told[k])
			}
			acked, open, kept = acked+done[k], open+begun[k]-done[k], kept+n-before[k]-done[k]
		}
		before = after
	}
	t.Logf("%d kills, %d counts acknowledged, %d cut off, %d of them counted, seed %d", most, acked, open, kept, *seed)
}

func reopenedCounters(t *testing.T, opts kv.Options) [counters]int64 {
	s := open(t, opts)
	all := readCounters(t, s)
	_, err := s.Verify(t.Context())
	if err := errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
	return all
}

// countersChild counts, and says each call before and after, until it is
// killed.
func countersChild() error {
	s, err := kv.NewKVStore(kv.Options{
		DataDir: os.Getenv("VERIFY_DIR"), SegmentSize: 1 << 10, SweepInterval: 1, CompactInterval: time.Millisecond,
	})
	if err != nil {
		return err
	}
	var counting sync.WaitGroup
	for id := range callers {
		rng := rand.New(rand.NewPCG(number("VERIFY_SEED"), uint64(id)))
		counting.Go(func() {
			for {
				k := rng.IntN(counters)
				say("call %d 0", k)
				sum, err := s.Incr(counterOf(k), 1, 0)
				if err != nil {
					say("failed %d: %v", id, err)
					return
				}
				say("back %d %d", k, sum)
			}
		})
	}
	counting.Wait()
	return nil
}
