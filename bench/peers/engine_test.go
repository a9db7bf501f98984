package main

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
)

// opened opens an engine for a test; nil is the machine, which is none.
func opened(t *testing.T, k kind, dir string) engine {
	t.Helper()
	e, err := k.open(dir)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	return e
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantValue(t *testing.T, e engine, key string, want []byte) {
	t.Helper()
	if got, err := e.get(key); err != nil || !bytes.Equal(got, want) {
		t.Errorf("get %s = %d bytes, %v; want the %d that were set", key, len(got), err, len(want))
	}
}

// TestEngines holds every engine to what the rows take for granted: what was
// written is read back, in order, also after closing and opening.
func TestEngines(t *testing.T) {
	for _, k := range kinds() {
		if k.open == nil {
			continue
		}
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			e := opened(t, k, dir)
			data := newKeys(300)
			must(t, fill(e, data, k))
			must(t, e.settle())
			for _, m := range []mode{{writers: 1}, {durable: true, writers: 4}, {writers: 4}} {
				if err := e.configure(m); errors.Is(err, errUnsupported) {
					continue
				} else {
					must(t, err)
				}
				checkWrites(t, e, data, m)
			}
			if _, err := e.get(data.absent.at(0)); !errors.Is(err, errAbsent) {
				t.Errorf("get of an absent key: %v, want errAbsent", err)
			}
			checkScans(t, e, data)
			must(t, e.close())
			if k.name == hashmap {
				return
			}
			e = opened(t, k, dir)
			defer e.close()
			wantValue(t, e, data.load.at(7), data.value(data.load.at(7), 9))
			if n, err := e.incr(data.counter[0]); err != nil || n%4 != 1 || n < 5 {
				t.Errorf("incr after reopening = %d, %v; want one more than a multiple of 4", n, err)
			}
			checkScans(t, e, data)
		})
	}
}

// checkWrites overwrites and counts, by as many goroutines as the mode says.
func checkWrites(t *testing.T, e engine, data *keys, m mode) {
	t.Helper()
	var all sync.WaitGroup
	for g := range m.writers {
		all.Go(func() {
			for i := g; i < 20; i += m.writers {
				key := data.load.at(i)
				if err := e.set(key, data.value(key, 9)); err != nil {
					t.Errorf("set: %v", err)
				}
			}
			for range 4 / m.writers {
				if _, err := e.incr(data.counter[0]); err != nil {
					t.Errorf("incr: %v", err)
				}
			}
		})
	}
	all.Wait()
	var pairs []pair
	for i := 20; i < 40; i++ {
		key := data.load.at(i)
		pairs = append(pairs, pair{key, data.value(key, 8)})
	}
	must(t, e.setAll(pairs))
	for i := range 20 {
		wantValue(t, e, data.load.at(i), data.value(data.load.at(i), 9))
	}
	for _, p := range pairs {
		wantValue(t, e, p.key, p.value)
	}
}

// checkScans compares whole scans and short ones with the sorted keys.
func checkScans(t *testing.T, e engine, data *keys) {
	t.Helper()
	sorted := data.load.sorted()
	for _, limit := range []int{10, 1000} {
		var got, names []string
		err := e.scan(prefix, limit, func(k string, v []byte) {
			got = append(got, strings.Clone(k))
			if want, err := e.get(k); err != nil || !bytes.Equal(v, want) {
				t.Errorf("scan shows another value than get: %v", err)
			}
		})
		if errors.Is(err, errUnsupported) {
			return
		}
		must(t, err)
		must(t, e.scanKeys(prefix, limit, func(k string) { names = append(names, strings.Clone(k)) }))
		var want []string
		for i := range min(limit, sorted.len()) {
			want = append(want, sorted.at(i))
		}
		if !slices.Equal(got, want) || !slices.Equal(names, want) {
			t.Errorf("limit %d: scans show %d and %d keys, want %d in order", limit, len(got), len(names), len(want))
		}
	}
}

func TestOnlyOneValueForAKeyAndVersion(t *testing.T) {
	data := newKeys(100)
	seen := map[string]bool{}
	for i := range 100 {
		for version := range 3 {
			seen[string(data.value(data.load.at(i), version))] = true
		}
	}
	if len(seen) != 300 {
		t.Errorf("%d values, want 300", len(seen))
	}
}

func TestKeysAreTheSameEverywhere(t *testing.T) {
	a, b := newKeys(50), newKeys(50)
	if a.load != b.load || a.zipf != b.zipf || a.uniform != b.uniform || fmt.Sprint(a.counter) != fmt.Sprint(b.counter) {
		t.Error("two lots of keys of one size differ")
	}
	if a.zipf == a.uniform {
		t.Error("the Zipf draw is uniform")
	}
}

// TestOverwritesChange looks at all that a row of durable writes sets: twice
// the same value for a key would be no work for some engines.
func TestOverwritesChange(t *testing.T) {
	s := &subject{keys: newKeys(50)}
	last := map[string]string{}
	for range 3 {
		s.turn++
		w := walker(s.keys.uniform, 0, 1, 0)
		for range 2000 {
			key, value := s.next(w)
			if last[key] == string(value) {
				t.Fatal("a value was set that the key had already")
			}
			last[key] = string(value)
		}
	}
}
