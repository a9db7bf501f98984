package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
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
