package bench

import (
	"fmt"
	"testing"
)

// both measures one kind of work on the engine and on the map.
func both(b *testing.B, f *fixture, d *data, goroutines int, w work) {
	measure(b, "kv", f.kv, d, goroutines, w)
	measure(b, "map", f.hash, d, goroutines, w)
}

func measure(b *testing.B, name string, s subject, d *data, goroutines int, w work) {
	b.Run(fmt.Sprintf("%s/goroutines=%d", name, goroutines), func(b *testing.B) {
		b.ReportAllocs()
		if err := spread(w, s, d, goroutines, b.N); err != nil {
			b.Fatal(err)
		}
	})
}

func BenchmarkGet(b *testing.B) {
	f, d := reading(b)
	both(b, f, d, 1, get)
	both(b, f, d, 8, get)
}

func BenchmarkAppendGet(b *testing.B) {
	f, d := reading(b)
	both(b, f, d, 1, appendGet)
	both(b, f, d, 8, appendGet)
}

func BenchmarkGetMiss(b *testing.B) {
	f, d := reading(b)
	both(b, f, d, 1, getMiss)
}

// BenchmarkScan reads 100 entities in key order from a random place. A map
// has no order, so there is nothing to compare with.
func BenchmarkScan(b *testing.B) {
	const items = 100
	f, d := reading(b)
	// So many digits that a prefix has about three times 100 keys or more.
	digits := 0
	for n := len(d.load); n >= 16*3*items; n /= 16 {
		digits++
	}
	b.ReportAllocs()
	w := walkFrom(d.probe, 0)
	total := 0
	for b.Loop() {
		left := items
		for _, err := range f.kv.Scan(w.next()[:len("session:")+digits]) {
			if err != nil {
				b.Fatal(err)
			}
			total++
			if left--; left == 0 {
				break
			}
		}
	}
	b.ReportMetric(float64(total)/float64(b.N), "items/op")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(total), "ns/item")
}

// BenchmarkHeap reports what a loaded store weighs on the heap: per key all
// told, and without the key's own bytes. The map's figure has the value in
// it; the engine keeps values in its files.
func BenchmarkHeap(b *testing.B) {
	f, d := reading(b)
	weigh := func(name string, perKey float64) {
		b.Run(name, func(b *testing.B) {
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(perKey, "heap-B/key")
			b.ReportMetric(perKey-keySize, "beside-key-B/key")
			if name == "kv" {
				b.ReportMetric(float64(f.kv.Stats().DiskBytes)/float64(len(d.load)), "disk-B/key")
			}
		})
	}
	weigh("kv", f.kvHeap)
	weigh("map", f.mapHeap)
}
