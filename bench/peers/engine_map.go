package main

import (
	"strconv"
	"sync"
)

// lockedMap is what one writes by hand: a map behind an RWMutex, values
// copied in and out. It has no order and forgets everything.
type lockedMap struct {
	mu sync.RWMutex // protects m
	m  map[string][]byte
}

func openMap(string) (engine, error) { return &lockedMap{m: make(map[string][]byte)}, nil }

// configure cannot make a map durable.
func (e *lockedMap) configure(m mode) error {
	if m.durable {
		return errUnsupported
	}
	return nil
}

func (e *lockedMap) get(key string) ([]byte, error) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	v, ok := e.m[key]
	if !ok {
		return nil, errAbsent
	}
	return clone(v), nil
}

func (e *lockedMap) set(key string, value []byte) error {
	v := clone(value)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.m[key] = v
	return nil
}

func (e *lockedMap) setAll(pairs []pair) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, p := range pairs {
		e.m[p.key] = clone(p.value)
	}
	return nil
}

func (e *lockedMap) incr(key string) (int64, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	n, err := plusOne(e.m[key])
	if err != nil {
		return 0, err
	}
	e.m[key] = strconv.AppendInt(nil, n, 10)
	return n, nil
}

func (e *lockedMap) scan(string, int, func(string, []byte)) error { return errUnsupported }
func (e *lockedMap) scanKeys(string, int, func(string)) error     { return errUnsupported }
func (e *lockedMap) settle() error                                { return nil }
func (e *lockedMap) close() error                                 { return nil }
