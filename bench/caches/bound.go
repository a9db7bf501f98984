package main

import (
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/spcent/plumego/store/cache"
)

// bound has eight goroutines set values of every length up to the greatest,
// with a MaxBytes of 64 MiB, and prints the most that the cache said it had
// and the most that was on the heap.
func bound(w io.Writer, c config) error {
	const mib = 1 << 20
	m, err := cache.NewMemoryCacheWithConfig(cache.Config{MaxBytes: 64 * mib})
	if err != nil {
		return err
	}
	largest := cache.DefaultConfig().MaxValueBytes
	var stop atomic.Bool
	var sets, exceeded atomic.Int64
	var writers sync.WaitGroup
	runtime.GC()
	for g := range 8 {
		writers.Go(func() {
			s, rnd := ours{m, background()}, rand.New(rand.NewPCG(uint64(g), 2))
			value, key := make([]byte, largest), make([]byte, 8)
			for !stop.Load() {
				for i := range key {
					key[i] = byte('a' + rnd.IntN(16))
				}
				f := rnd.Float64()
				s.set(string(key), value[:1+int(float64(largest-1)*f*f*f*f)])
				sets.Add(1)
				if st := m.Stats(); st.Bytes > st.MaxBytes {
					exceeded.Add(1)
				}
			}
		})
	}
	var heap, bytes uint64
	for start := time.Now(); time.Since(start) < c.storm; time.Sleep(10 * time.Millisecond) {
		var mem runtime.MemStats
		runtime.ReadMemStats(&mem)
		heap = max(heap, mem.HeapAlloc)
		bytes = max(bytes, uint64(m.Stats().Bytes))
	}
	stop.Store(true)
	writers.Wait()
	s := m.Stats()
	table(w, [][]string{
		{"sets", "evicted", "Stats.Bytes, most", "above MaxBytes", "heap, most", "heap / MaxBytes"},
		{fmt.Sprint(sets.Load()), fmt.Sprint(s.Evicted), fmt.Sprintf("%.2f MiB", float64(bytes)/mib), fmt.Sprintf("%d times", exceeded.Load()),
			fmt.Sprintf("%.2f MiB", float64(heap)/mib), fmt.Sprintf("%.3f", float64(heap)/(64*mib))},
	})
	return m.Close()
}
