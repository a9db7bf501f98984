package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/spcent/plumego/store/kv"
)

// BenchmarkSnapshot takes a snapshot of all keys and closes it.
func BenchmarkSnapshot(b *testing.B) {
	f, _ := reading(b)
	b.ReportAllocs()
	for b.Loop() {
		if err := snapshot(b, f.kv).Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSetUnderSnapshot is SetOverwrite without an open snapshot and with
// one, which meets nearly every key for the first time, or all of them for
// the second.
func BenchmarkSetUnderSnapshot(b *testing.B) {
	f, d := writing(b)
	for _, c := range []struct {
		name string
		open bool
		once int // keys overwritten before
	}{{"none", false, 0}, {"open", true, 0}, {"open-again", true, len(d.load)}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			if c.open {
				n := snapshot(b, f.kv)
				defer n.Close()
			}
			if err := overwrite(f.kv, d, 0, c.once); err != nil {
				b.Fatal(err)
			}
			b.ResetTimer()
			if err := overwrite(f.kv, d, 0, b.N); err != nil {
				b.Fatal(err)
			}
			b.StopTimer()
		})
	}
}

// BenchmarkSnapshotHeld keeps a snapshot open while every key is overwritten
// five times, reads it whole, and closes it. It reports what it cost and what
// was left of that. A wrong value fails it.
func BenchmarkSnapshotHeld(b *testing.B) {
	const rounds, size = 5, 256
	for b.Loop() {
		s, err := kv.NewKVStore(kv.Options{DataDir: b.TempDir(), Sync: kv.SyncNever})
		must(b, err)
		value := func(i, round int) []byte { return fmt.Appendf(make([]byte, 0, size), "%0*d", size, i*rounds+round) }
		name := func(i int) string { return fmt.Sprintf("session:%032x", uint64(i)*0x9e3779b97f4a7c15) }
		old := make(map[string]string)
		for i := range perStore() {
			must(b, s.Set(name(i), value(i, 0), 0))
			old[name(i)] = string(value(i, 0))
		}
		before, heapBefore := s.Stats(), heap()
		n := snapshot(b, s)
		rng := rand.New(rand.NewPCG(3, 3))
		for range rounds * perStore() {
			i := rng.IntN(perStore())
			must(b, s.Set(name(i), value(i, 1+rng.IntN(rounds-1)), 0))
		}
		open, heapOpen := s.Stats(), heap()
		items, start := 0, time.Now()
		for item, err := range n.Scan("") {
			must(b, err)
			if old[item.Key] != string(item.Value) {
				b.Fatal("the snapshot has moved")
			}
			items++
		}
		if items != perStore() {
			b.Fatalf("the snapshot has %d of %d keys", items, perStore())
		}
		b.ReportMetric(float64(time.Since(start).Nanoseconds())/float64(items), "ns/item")
		must(b, n.Close())
		must(b, s.Compact(context.Background()))
		after := s.Stats()
		mib := func(n int64) float64 { return float64(n) / (1 << 20) }
		b.ReportMetric(mib(before.DiskBytes), "MiB-disk-before")
		b.ReportMetric(mib(open.DiskBytes+open.PinnedBytes), "MiB-disk-open")
		b.ReportMetric(mib(after.DiskBytes+after.PinnedBytes), "MiB-disk-after")
		b.ReportMetric(mib(heapOpen-heapBefore), "MiB-heap-open")
		b.ReportMetric(mib(heap()-heapBefore), "MiB-heap-after")
		must(b, s.Close())
	}
}

// BenchmarkScanRange reads 100 entities from a random place on, of the store,
// which takes a snapshot for it, and of one that is open already.
func BenchmarkScanRange(b *testing.B) {
	f, d := reading(b)
	n := snapshot(b, f.kv)
	defer n.Close()
	for _, c := range []struct {
		name string
		from func(key string) error
	}{
		{"store", func(key string) error { return hundred(f.kv.ScanRange(key, "")) }},
		{"snapshot", func(key string) error { return hundred(n.ScanRange(key, "")) }},
		{"backward", func(key string) error { return hundred(n.ScanRange("", key, kv.Reverse())) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			w := walkFrom(d.probe, 0)
			for b.Loop() {
				if err := c.from(w.next()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func snapshot(b *testing.B, s *kv.KVStore) *kv.Snapshot {
	b.Helper()
	n, err := s.Snapshot()
	if err != nil {
		b.Fatal(err)
	}
	return n
}

// hundred reads the first 100 items.
func hundred(items func(yield func(kv.Item, error) bool)) (err error) {
	left := 100
	for _, err = range items {
		if left--; err != nil || left == 0 {
			break
		}
	}
	return err
}
