package kv

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestCountersAreExact has 8 goroutines count in two counters, under every
// policy at once, with a rotation every few records.
func TestCountersAreExact(t *testing.T) {
	d := newDisk(t)
	clock := newHandClock()
	s := mustOpen(t, onDisk(d, clock))
	const workers = 8
	each := fewer(500)
	var all sync.WaitGroup
	for w := range workers {
		all.Go(func() {
			s := s.WithSync(SyncPolicy(w % 3))
			for i := range each {
				if _, err := s.Incr("shared", 1, 0); err != nil {
					t.Error(err)
				}
				if sum, err := s.Incr(counterOf(w), 2, time.Hour); err != nil || sum != int64(2*i+2) {
					t.Errorf("own counter: got %d, %v, want %d", sum, err, 2*i+2)
				}
			}
		})
	}
	all.Wait()
	want := ledger{"shared": {value: strconv.Itoa(workers * each)}}
	for w := range workers {
		want[counterOf(w)] = holding{strconv.Itoa(2 * each), clock.in(time.Hour)}
	}
	requireHoldings(t, want, s, "counted")
	require.NoError(t, s.Close())
	s = mustOpenAgain(t, onDisk(d, clock))
	requireHoldings(t, want, s, "reopened")
	require.NoError(t, s.Close())
}

// TestEverythingAtOnce runs all operations on shared keys in tiny segments,
// each worker the only writer of its keys, so that it knows what it must
// read. Then the store is verified, reopened and compared.
func TestEverythingAtOnce(t *testing.T) {
	for name, opts := range map[string]Options{
		"test disk": onDisk(newDisk(t), newHandClock()),
		"real disk": {DataDir: t.TempDir(), SegmentSize: 8 << 10, Sync: SyncNever, Now: newHandClock().now},
		"in memory": {InMemory: true, SegmentSize: 8 << 10, Now: newHandClock().now},
	} {
		t.Run(name, func(t *testing.T) {
			opts.SweepInterval = time.Microsecond
			s := mustOpen(t, opts)
			steps := fewer(1000)
			if opts.DataDir != imageDir && !opts.InMemory {
				steps = fewer(150) // real syncs take their time
			}
			want := everythingAtOnce(t, s, steps)
			requireHoldings(t, want, s, "at rest")
			require.NoError(t, s.Close())
			if opts.InMemory {
				return
			}
			s = mustOpen(t, opts)
			require.True(t, s.Stats().Recovery.Clean)
			requireHoldings(t, want, s, "reopened")
			require.NoError(t, s.Close())
		})
	}
}

func everythingAtOnce(t *testing.T, s *KVStore, steps int) ledger {
	const workers = 8
	books := make([]ledger, workers)
	done := make(chan struct{})
	var writers, readers sync.WaitGroup
	for w := range workers {
		writers.Go(func() { books[w] = churn(t, s.WithSync(SyncPolicy(w%3)), w, steps) })
	}
	readers.Go(func() { readAlong(t, s, done) })
	writers.Wait()
	close(done)
	readers.Wait()
	all := ledger{}
	for _, book := range books {
		for key, h := range book {
			all[key] = h
		}
	}
	return all
}

// churn works on its own keys and holds every answer to its own ledger.
func churn(t *testing.T, s *KVStore, worker, steps int) ledger {
	rng := randomFor("churn", worker)
	book := ledger{}
	for step := range steps {
		key := fmt.Sprintf("w%d-%d", worker, rng.IntN(20))
		if err := churnOnce(s, rng, book, key, step); err != nil {
			t.Errorf("worker %d, step %d, seed %d: %v", worker, step, *seed, err)
			break
		}
	}
	return book
}

func churnOnce(s *KVStore, rng *rand.Rand, book ledger, key string, step int) error {
	h, there := book[key]
	switch op := rng.IntN(6); op {
	case 0, 1:
		ttl := time.Duration(rng.IntN(2)) * time.Hour
		value := strconv.Itoa(step)
		book[key] = holding{value, deadlineIn(s, ttl)}
		return s.Set(key, []byte(value), ttl)
	case 2:
		delete(book, key)
		return s.Delete(key)
	case 3:
		old, _ := strconv.ParseInt(h.value, 10, 64)
		book[key] = holding{strconv.FormatInt(old+3, 10), h.deadline}
		sum, err := s.Incr(key, 3, 0)
		if err == nil && sum != old+3 {
			err = fmt.Errorf("Incr gives %d, want %d", sum, old+3)
		}
		return err
	case 4:
		err := s.Expire(key, 2*time.Hour)
		if !there && errors.Is(err, ErrKeyNotFound) {
			return nil
		}
		book[key] = holding{h.value, deadlineIn(s, 2*time.Hour)}
		return err
	default:
		value, err := s.Get(key)
		if !there && errors.Is(err, ErrKeyNotFound) {
			return nil
		}
		if err == nil && string(value) != h.value {
			err = fmt.Errorf("Get gives %q, want %q", value, h.value)
		}
		return err
	}
}

// deadlineIn returns a deadline by the store's clock, which stands still.
func deadlineIn(s *KVStore, ttl time.Duration) int64 {
	if ttl == 0 {
		return 0
	}
	return s.engine.clock.after(ttl)
}

// readAlong scans, verifies and counts until done.
func readAlong(t *testing.T, s *KVStore, done chan struct{}) {
	for {
		select {
		case <-done:
			return
		default:
		}
		last := ""
		for item, err := range s.Scan("") {
			if err != nil || item.Key <= last {
				t.Errorf("a scan out of order, or %v", err)
			}
			last = item.Key
		}
		s.Len()
		s.Stats()
		if _, err := s.Verify(context.Background()); err != nil {
			t.Errorf("verify beside writers: %v", err)
		}
	}
}
