package bench

import (
	"testing"

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
