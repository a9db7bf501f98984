package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"runtime"
	"time"
)

func background() context.Context { return context.Background() }

// gc fills a map and this module's cache with small entries, of 16 bytes and 16, and
// prints the heap that they take and how long a collection is.
func gc(w io.Writer, c config) error {
	rows := [][]string{{"", "entries kept", "heap", "bytes per entry", "collection"}}
	weigh := func(name string, fill func() (kept int, alive any)) {
		runtime.GC()
		before := heap()
		kept, alive := fill()
		runtime.GC()
		used := heap() - before
		shortest := time.Hour
		for range 3 {
			start := time.Now()
			runtime.GC()
			shortest = min(shortest, time.Since(start))
		}
		rows = append(rows, []string{name, fmt.Sprint(kept), fmt.Sprintf("%.0f MiB", float64(used)/(1<<20)),
			fmt.Sprintf("%.0f", float64(used)/float64(kept)), shortest.Round(10 * time.Microsecond).String()})
		runtime.KeepAlive(alive)
	}
	weigh("map", func() (int, any) {
		m := map[string][]byte{}
		each(c.entries, func(key string, value []byte) { m[key] = clone(value) })
		return len(m), m
	})
	for _, k := range kinds()[:1] {
		weigh(k.name, func() (int, any) {
			s, err := k.open(bounds{bytes: c.entries * 80})
			if err != nil {
				return 0, err
			}
			each(c.entries, s.set)
			kept := 0
			each(c.entries, func(key string, _ []byte) {
				if _, ok := s.get(nil, key); ok {
					kept++
				}
			})
			return kept, s
		})
	}
	table(w, rows)
	return nil
}

func heap() int64 {
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	return int64(mem.HeapAlloc)
}

// each calls fn with n keys, and values that may not be kept.
func each(n int, fn func(key string, value []byte)) {
	var b [16]byte
	for i := range n {
		binary.BigEndian.PutUint64(b[:], uint64(i)*0x9e3779b97f4a7c15)
		binary.BigEndian.PutUint64(b[8:], uint64(i))
		fn(string(b[:]), b[:])
	}
}
