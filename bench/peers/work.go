package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync/atomic"
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
