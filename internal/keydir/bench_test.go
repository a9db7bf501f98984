package keydir

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"time"
)

const million = 1_000_000

// sessionKeys returns n keys of 40 bytes in random order.
func sessionKeys(n int) []string {
	rng := rand.New(rand.NewPCG(1, 2))
	keys := make([]string, n)
	for i := range keys {
		keys[i] = fmt.Sprintf("session:%016x%016x", rng.Uint64(), rng.Uint64())
	}
	return keys
}

// pick goes through the keys in a step that leaves no cache line to the next.
func pick(keys []string, i int) string { return keys[uint64(i)*7919%million] }

// fill puts every key with a deadline that many milliseconds ahead at most;
// 0 for none.
func fill(b testing.TB, d *Keydir, keys []string, spread int64) {
	b.Helper()
	rng := rand.New(rand.NewPCG(3, 4))
	for i, key := range keys {
		e := Entry{Segment: 1, Offset: int64(i) * 304, Size: 304}
		if spread != 0 {
			e.Deadline = epoch + rng.Int64N(spread)
		}
		if _, _, err := d.Put(d.Hash(key), key, e); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkFind(b *testing.B) {
	keys := sessionKeys(2 * million)
	d := New(epoch)
	fill(b, d, keys[:million], 0)
	for _, c := range []struct {
		name string
		keys []string
		want bool
	}{{"hit", keys[:million], true}, {"miss", keys[million:], false}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for i := range b.N {
				if _, ok := find(d, pick(c.keys, i)); ok != c.want {
					b.Fatal(ok)
				}
			}
		})
	}
}

// BenchmarkMapHit is what Find is to be compared with on the same machine.
func BenchmarkMapHit(b *testing.B) {
	keys := sessionKeys(million)
	m := make(map[string]Entry)
	for i, key := range keys {
		m[key] = Entry{Segment: 1, Offset: int64(i) * 304, Size: 304}
	}
	var mu sync.RWMutex
	b.ResetTimer()
	for i := range b.N {
		mu.RLock()
		_, ok := m[pick(keys, i)]
		mu.RUnlock()
		if !ok {
			b.Fatal("lost")
		}
	}
}

func BenchmarkPutFresh(b *testing.B) {
	keys := sessionKeys(million)
	b.ReportAllocs()
	b.ResetTimer()
	var d *Keydir
	for i := range b.N {
		if i%million == 0 {
			d = New(epoch)
		}
		key := keys[i%million]
		d.Put(d.Hash(key), key, Entry{Segment: 1, Offset: int64(i) * 8, Size: 304})
	}
}

func BenchmarkPutOverwrite(b *testing.B) {
	for _, spread := range []int64{0, 3600 * second} {
		b.Run(fmt.Sprintf("deadline=%v", spread != 0), func(b *testing.B) {
			keys := sessionKeys(million)
			d := New(epoch)
			fill(b, d, keys, spread)
			b.ReportAllocs()
			b.ResetTimer()
			for i := range b.N {
				key := pick(keys, i)
				e := Entry{Segment: 2, Offset: int64(i) * 8, Size: 304}
				if spread != 0 {
					e.Deadline = epoch + spread + int64(i)
				}
				d.Put(d.Hash(key), key, e)
			}
		})
	}
}

// BenchmarkFold folds a million keys: into an empty tree, into a tree of
// another million, and out of the tree.
func BenchmarkFold(b *testing.B) {
	keys := sessionKeys(2 * million)
	for b.Loop() {
		d := New(epoch)
		for _, half := range [][]string{keys[:million], keys[million:]} {
			b.StopTimer()
			fill(b, d, half, 0)
			b.StartTimer()
			began := time.Now()
			d.Fold()
			name := "first-ms/op"
			if d.Len() > million {
				name = "second-ms/op"
			}
			b.ReportMetric(float64(time.Since(began).Milliseconds()), name)
		}
		b.StopTimer()
		for _, key := range keys {
			d.Delete(d.Hash(key), key)
		}
		b.StartTimer()
		began := time.Now()
		d.Fold()
		b.ReportMetric(float64(time.Since(began).Milliseconds()), "two-million-out-ms/op")
	}
}

func BenchmarkRangeOf100(b *testing.B) {
	keys := sessionKeys(million)
	d := New(epoch)
	fill(b, d, keys, 0)
	d.Fold()
	b.ReportAllocs()
	b.ResetTimer()
	var pairs []Pair
	for i := range b.N {
		pairs = d.Range(pairs[:0], pick(keys, i), "", 100)
	}
}

// BenchmarkExpire removes a million keys that share an hour, a step of one
// second at a time.
func BenchmarkExpire(b *testing.B) {
	keys := sessionKeys(million)
	for b.Loop() {
		b.StopTimer()
		d := New(epoch)
		fill(b, d, keys, 3600*second)
		b.StartTimer()
		for now := int64(epoch); d.Len() > 0; now += second {
			for more := true; more; {
				_, more = d.Expire(now, 1000, func(Entry) {})
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/million, "ns/key")
}

// BenchmarkHeap reports the heap that an entry needs beside its key.
func BenchmarkHeap(b *testing.B) {
	for _, c := range []struct {
		name   string
		spread int64
	}{{"no deadlines", 0}, {"one hour", 3600 * second}, {"thirty days", 30 * 24 * 3600 * second}} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				keys := sessionKeys(million)
				before := heap()
				d := New(epoch)
				fill(b, d, keys, c.spread)
				d.Fold()
				used := float64(heap() - before)
				b.ReportMetric(used/million-40, "B/key")
				b.ReportMetric(float64(d.Bytes())/million-40, "B/key-by-Bytes")
				runtime.KeepAlive(keys)
			}
		})
	}
}

func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
