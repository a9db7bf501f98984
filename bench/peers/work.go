package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	rtmetrics "runtime/metrics"
	"sync/atomic"
	"syscall"
	"time"
)

// measure takes one measurement of a subject.
type measure func(s *subject, t task) (metrics, error)

// rate is how the metric of most rows is called: operations per second.
const rate = "rate"

// gets reads keys that are there.
func gets(goroutines int, of func(*keys) list) measure {
	return func(s *subject, t task) (metrics, error) {
		perSecond, err := race(t.Time, goroutines, func(g int) op {
			w := walker(of(s.keys), g, goroutines, t.Run)
			return func() (int, error) { return 1, readOne(s.e, w.next()) }
		})
		return metrics{rate: perSecond}, err
	}
}

func readOne(e engine, key string) error {
	v, err := e.get(key)
	if err == nil && len(v) != valueSize {
		err = fmt.Errorf("value of %d bytes, want %d", len(v), valueSize)
	}
	return err
}

// misses reads keys that are not there.
func misses(goroutines int) measure {
	return func(s *subject, t task) (metrics, error) {
		perSecond, err := race(t.Time, goroutines, func(g int) op {
			w := walker(s.keys.absent, g, goroutines, t.Run)
			return func() (int, error) {
				if _, err := s.e.get(w.next()); !errors.Is(err, errAbsent) {
					return 0, fmt.Errorf("get of an absent key: %v", err)
				}
				return 1, nil
			}
		})
		return metrics{rate: perSecond}, err
	}
}

// freshTimes is how many times the usual time an engine has to put all keys
// into an empty store. One that is not done by then is measured on fewer
// keys, which is easier.
const freshTimes = 6

// fresh puts keys into an empty store.
func fresh(goroutines int) measure {
	return func(s *subject, t task) (_ metrics, err error) {
		dir := s.newDir()
		defer os.RemoveAll(dir)
		e, err := s.kind.open(dir)
		if err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, e.close()) }()
		if err := e.configure(mode{writers: goroutines}); err != nil {
			return nil, err
		}
		runtime.GC()
		var at atomic.Int64
		perSecond, err := race(freshTimes*t.Time, goroutines, func(int) op {
			return func() (int, error) {
				i := int(at.Add(1)) - 1
				if i >= s.keys.load.len() {
					return 0, errDone
				}
				key := s.keys.load.at(i)
				return 1, e.set(key, s.keys.value(key, 0))
			}
		})
		return metrics{rate: perSecond}, err
	}
}

// overwrites sets keys that are there.
func overwrites(goroutines int) measure {
	return func(s *subject, t task) (metrics, error) {
		perSecond, err := race(t.Time, goroutines, func(g int) op {
			w := walker(s.keys.uniform, g, goroutines, t.Run)
			return func() (int, error) {
				return 1, s.e.set(s.next(w))
			}
		})
		return metrics{rate: perSecond}, err
	}
}

// increments counts.
func increments(goroutines int) measure {
	return func(s *subject, t task) (metrics, error) {
		perSecond, err := race(t.Time, goroutines, func(g int) op {
			at := g * len(s.keys.counter) / goroutines
			return func() (int, error) {
				if at++; at >= len(s.keys.counter) {
					at = 0
				}
				_, err := s.e.incr(s.keys.counter[at])
				return 1, err
			}
		})
		return metrics{rate: perSecond}, err
	}
}

// updates writes transactions of so many keys; each key counts.
func updates(size int) measure {
	return func(s *subject, t task) (metrics, error) {
		perSecond, err := race(t.Time, 1, func(int) op {
			w := walker(s.keys.uniform, 0, 1, t.Run)
			pairs := make([]pair, size)
			return func() (int, error) {
				for i := range pairs {
					pairs[i].key, pairs[i].value = s.next(w)
				}
				return size, s.e.setAll(pairs)
			}
		})
		return metrics{rate: perSecond}, err
	}
}

// mixTimes is how many times the usual time a mix is measured, so that the
// tails say something.
const mixTimes = 3

// mix overwrites a share of the time and reads otherwise. Every write is
// timed, and one read in four, which costs less than timing all.
func mix(goroutines int, writes float64) measure {
	return func(s *subject, t task) (metrics, error) {
		reads, sets := make([]hist, goroutines), make([]hist, goroutines)
		runtime.GC() // brings the runtime's figures up to date
		before := cpuTimes()
		perSecond, err := race(mixTimes*t.Time, goroutines, func(g int) op {
			w := walker(s.keys.uniform, g, goroutines, t.Run)
			rnd := rand.New(rand.NewPCG(uint64(t.Run), uint64(g)))
			limit := uint32(writes * (1 << 30))
			return func() (int, error) {
				draw := rnd.Uint32()
				if draw&(1<<30-1) < limit {
					start := time.Now()
					err := s.e.set(s.next(w))
					sets[g].add(time.Since(start))
					return 1, err
				}
				if draw>>30 != 0 {
					return 1, readOne(s.e, w.next())
				}
				start := time.Now()
				err := readOne(s.e, w.next())
				reads[g].add(time.Since(start))
				return 1, err
			}
		})
		after := cpuTimes()
		if after.gc == before.gc { // no collection has ended, so count one
			runtime.GC()
			after = cpuTimes()
		}
		return metrics{
			rate:          perSecond,
			"read-p99.9":  tail(reads),
			"write-p99.9": tail(sets),
			"gc":          100 * (after.gc - before.gc) / (after.all - before.all),
		}, err
	}
}

// tail returns the 99.9th percentile of all, in microseconds.
func tail(of []hist) float64 {
	var all hist
	for i := range of {
		all.merge(&of[i])
	}
	return all.quantile(0.999).Seconds() * 1e6
}

// cpu is processor time of this process in seconds.
type cpu struct {
	gc  float64 // of collections that have ended
	all float64
}

func cpuTimes() cpu {
	s := []rtmetrics.Sample{{Name: "/cpu/classes/gc/total:cpu-seconds"}}
	rtmetrics.Read(s)
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err) // its arguments are right
	}
	seconds := func(t syscall.Timeval) float64 { return float64(t.Sec) + float64(t.Usec)/1e6 }
	return cpu{gc: s[0].Value.Float64(), all: seconds(u.Utime) + seconds(u.Stime)}
}

// scanSize is how many keys a short scan reads.
const scanSize = 100

// shortScans reads the first keys with a prefix that a few hundred have.
func shortScans(s *subject, t task) (metrics, error) {
	digits := 0
	for n := s.keys.load.len(); n >= 16*2*scanSize; n /= 16 {
		digits++
	}
	want := min(scanSize, s.keys.load.len())
	perSecond, err := race(t.Time, 1, func(int) op {
		w := walker(s.keys.uniform, 0, 1, t.Run)
		return func() (int, error) {
			seen, bytes := 0, 0
			err := s.e.scan(w.next()[:len(prefix)+digits], scanSize, func(_ string, v []byte) { seen++; bytes += len(v) })
			if err == nil && (seen != want || bytes != seen*valueSize) {
				err = fmt.Errorf("scan: %d keys, %d bytes of values", seen, bytes)
			}
			return 1, err
		}
	})
	return metrics{rate: perSecond}, err
}

// fullScans reads all keys, with values or without; each key counts.
func fullScans(values bool) measure {
	return func(s *subject, t task) (metrics, error) {
		n := s.keys.load.len()
		perSecond, err := race(t.Time, 1, func(int) op {
			return func() (int, error) {
				seen := 0
				var err error
				if values {
					err = s.e.scan(prefix, n+1, func(string, []byte) { seen++ })
				} else {
					err = s.e.scanKeys(prefix, n+1, func(string) { seen++ })
				}
				if err == nil && seen != n {
					err = fmt.Errorf("scan: %d keys of %d", seen, n)
				}
				return seen, err
			}
		})
		return metrics{rate: perSecond}, err
	}
}

// reopen closes the store and takes the time until it answers again.
func reopen(s *subject, _ task) (metrics, error) {
	if s.kind.name == hashmap {
		return nil, errUnsupported
	}
	if err := s.close(); err != nil {
		return nil, err
	}
	runtime.GC()
	start := time.Now()
	e, err := s.kind.open(s.loaded)
	if err != nil {
		return nil, err
	}
	s.e = e
	err = readOne(e, s.keys.uniform.at(0))
	return metrics{"ms": time.Since(start).Seconds() * 1e3}, err
}

// weigh takes the heap of the loaded store.
func weigh(s *subject, _ task) (metrics, error) {
	return metrics{"bytes": (float64(heapBytes()) - float64(s.before)) / float64(s.keys.load.len())}, nil
}
