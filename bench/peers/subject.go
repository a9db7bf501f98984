package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// subject is one engine and its stores in one process.
type subject struct {
	kind kind
	dir  string // for its stores
	keys *keys
	made int // directories so far

	e      engine  // the loaded store, nil before
	loaded string  // its directory
	heap   float64 // bytes per key that it took
}

// task is one measurement.
type task struct {
	Row  string
	Time time.Duration
	Run  int
}

// metrics are the figures of one measurement, by name.
type metrics map[string]float64

// do measures one row once.
func (s *subject) do(t task) (metrics, error) {
	r, ok := rowNamed(t.Row, []int{s.keys.load.len()})
	if !ok {
		return nil, fmt.Errorf("no row %q", t.Row)
	}
	measure := r.measure
	if s.kind.name == machine {
		measure = r.machine
	}
	if measure == nil {
		return nil, errUnsupported
	}
	if s.kind.name != machine && !r.empty {
		if err := s.load(); err != nil {
			return nil, fmt.Errorf("load: %w", err)
		}
		if err := s.e.configure(r.mode); err != nil {
			return nil, err
		}
	}
	runtime.GC() // nobody pays for what was before
	return measure(s, t)
}

// load fills the store that most rows use, once, and weighs it.
func (s *subject) load() error {
	if s.e != nil {
		return nil
	}
	before := heapBytes()
	s.loaded = s.newDir()
	e, err := s.kind.open(s.loaded)
	if err != nil {
		return err
	}
	if err := fill(e, s.keys, s.kind.sorted); err != nil {
		return errors.Join(err, e.close())
	}
	s.e = e
	s.heap = float64(heapBytes()-before) / float64(s.keys.load.len())
	return e.settle()
}

// fill puts every key, so many in each transaction.
func fill(e engine, k *keys, sorted bool) error {
	const batch = 1000
	if err := e.configure(mode{writers: 1}); err != nil {
		return err
	}
	order := k.load
	if sorted {
		order = order.sorted()
	}
	var pairs []pair
	for i := range order.len() {
		key := strings.Clone(order.at(i)) // as a caller's would be: nobody may keep our list instead
		pairs = append(pairs, pair{key, k.value(key, 0)})
		if len(pairs) == batch || i == order.len()-1 {
			if err := e.setAll(pairs); err != nil {
				return err
			}
			pairs = pairs[:0]
		}
	}
	return nil
}

func (s *subject) newDir() string {
	s.made++
	dir := filepath.Join(s.dir, strconv.Itoa(s.made))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		panic(err) // the parent has just made the directory above
	}
	return dir
}

func (s *subject) close() error {
	if s.e == nil {
		return nil
	}
	e := s.e
	s.e = nil
	return e.close()
}

func heapBytes() uint64 {
	runtime.GC()
	runtime.GC() // the first may leave what finalizers held
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// errDone ends a goroutine's part of a measurement early.
var errDone = errors.New("nothing left to do")

// op does one operation. What it returns counts as so many.
type op func() (int, error)

// race has so many goroutines do operations until the time is over, and
// returns how many were done per second.
func race(t time.Duration, goroutines int, make func(g int) op) (float64, error) {
	var stop atomic.Bool
	var wg sync.WaitGroup
	var total atomic.Int64
	errs := newErrors(goroutines)
	ops := newOps(goroutines, make)
	start := time.Now()
	timer := time.AfterFunc(t, func() { stop.Store(true) })
	defer timer.Stop()
	for g, do := range ops {
		wg.Go(func() {
			done := 0
			for !stop.Load() {
				n, err := do()
				if done += n; err != nil {
					if err != errDone {
						errs[g] = err
					}
					break
				}
			}
			total.Add(int64(done))
		})
	}
	wg.Wait()
	return float64(total.Load()) / time.Since(start).Seconds(), errors.Join(errs...)
}

func newErrors(n int) []error { return make([]error, n) }

func newOps(n int, make func(g int) op) []op {
	var ops []op
	for g := range n {
		ops = append(ops, make(g))
	}
	return ops
}
