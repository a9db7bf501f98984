package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
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
	turn int // tasks so far

	e      engine // the loaded store, nil before
	loaded string // its directory
	before uint64 // bytes of heap without it
}

// task is one measurement.
type task struct {
	Row  string
	Time time.Duration
	Run  int
}

// Rows of tasks that measure nothing.
const (
	loadTask = "load"
	warmTask = "warm" // reads everything once
)

// metrics are the figures of one measurement, by name.
type metrics map[string]float64

// do measures one row once.
func (s *subject) do(t task) (metrics, error) {
	switch t.Row {
	case loadTask:
		return metrics{}, s.load()
	case warmTask:
		return metrics{}, s.warm()
	}
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
		if s.e == nil {
			return nil, errors.New("the store is not loaded")
		}
		if err := s.e.configure(r.mode); err != nil {
			return nil, err
		}
	}
	s.turn++
	runtime.GC() // nobody pays for what was before
	return measure(s, t)
}

// load fills the store that most rows use.
func (s *subject) load() error {
	if s.kind.name == machine {
		return nil
	}
	s.before = heapBytes()
	s.loaded = s.newDir()
	e, err := s.kind.open(s.loaded)
	if err != nil {
		return err
	}
	if err := fill(e, s.keys, s.kind); err != nil {
		return errors.Join(err, e.close())
	}
	s.e = e
	return e.settle()
}

// warm reads all keys and values once, so that caches are full, and order
// is made where it is made late, before anything is measured.
func (s *subject) warm() error {
	if s.e == nil {
		return nil
	}
	err := s.e.scan(prefix, s.keys.load.len(), func(string, []byte) {})
	if errors.Is(err, errUnsupported) {
		return nil
	}
	return err
}

// fill puts every key, in the way the kind of engine likes best.
func fill(e engine, k *keys, kind kind) error {
	if err := e.configure(mode{writers: 1}); err != nil {
		return err
	}
	order := k.load
	if kind.sorted {
		order = order.sorted()
	}
	var pairs []pair
	for i := range order.len() {
		key := strings.Clone(order.at(i)) // as a caller's would be: nobody may keep our list instead
		pairs = append(pairs, pair{key, k.value(key, 0)})
		if len(pairs) < kind.batch && i < order.len()-1 {
			continue
		}
		if err := write(e, pairs); err != nil {
			return err
		}
		pairs = pairs[:0]
	}
	return nil
}

func write(e engine, pairs []pair) error {
	if len(pairs) == 1 {
		return e.set(pairs[0].key, pairs[0].value)
	}
	return e.setAll(pairs)
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

// next takes a key of a walk and a value for it that it did not have before:
// SQLite writes nothing where nothing changes.
func (s *subject) next(w *walk) (key string, value []byte) {
	key = w.next()
	return key, s.keys.value(key, s.turn*1_000_003+w.count)
}

// errDone ends a goroutine's part of a measurement early.
var errDone = errors.New("nothing left to do")

// op does one operation. What it returns counts as so many.
type op func() (int, error)

// race has so many goroutines do operations until the time is over, and
// returns how many were done per second. begin makes the g-th goroutine's.
func race(t time.Duration, goroutines int, begin func(g int) op) (float64, error) {
	ops := make([]op, goroutines)
	for g := range ops {
		ops[g] = begin(g)
	}
	var stop atomic.Bool
	var total atomic.Int64
	var all sync.WaitGroup
	errs := make([]error, goroutines)
	start := time.Now()
	timer := time.AfterFunc(t, func() { stop.Store(true) })
	defer timer.Stop()
	for g, do := range ops {
		all.Go(func() {
			done := 0
			for !stop.Load() {
				n, err := do()
				done += n
				if err != nil {
					errs[g] = err
					break
				}
			}
			total.Add(int64(done))
		})
	}
	all.Wait()
	perSecond := float64(total.Load()) / time.Since(start).Seconds()
	return perSecond, errors.Join(slices.DeleteFunc(errs, isDone)...)
}

func isDone(err error) bool { return err == errDone }
