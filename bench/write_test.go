package bench

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/spcent/plumego/store/kv"
)

// recordSize is what a key and a value of the benchmarks come to on disk,
// near enough: the bare appends write as much.
const recordSize = 300 // bytes

func BenchmarkSetOverwrite(b *testing.B) {
	f, d := writing(b)
	both(b, f, d, 1, overwrite)
	both(b, f, d, 8, overwrite)
}

func BenchmarkMixed(b *testing.B) {
	f, d := writing(b)
	b.Run("writes=50%", func(b *testing.B) { both(b, f, d, 8, mixed(2)) })
	b.Run("writes=5%", func(b *testing.B) { both(b, f, d, 8, mixed(20)) })
}

func BenchmarkIncr(b *testing.B) {
	f, d := writing(b)
	both(b, f, d, 1, incr)
}

// BenchmarkSetFresh fills an empty store up to all keys, and begins anew
// with another empty one as often as b.N asks.
func BenchmarkSetFresh(b *testing.B) {
	d := shared.data()
	b.Run("kv-never", func(b *testing.B) {
		refill(b, d, func(b *testing.B, dir string) (func(string) error, func() error) {
			s, err := openNever(dir)
			if err != nil {
				b.Fatal(err)
			}
			return func(key string) error { return s.Set(key, d.value, 0) }, s.Close
		})
	})
	b.Run("map", func(b *testing.B) {
		refill(b, d, func(*testing.B, string) (func(string) error, func() error) {
			m := newLockedMap()
			return func(key string) error { return m.Set(key, d.value, 0) }, func() error { return nil }
		})
	})
	b.Run("append", func(b *testing.B) {
		refill(b, d, func(b *testing.B, dir string) (func(string) error, func() error) {
			f := createFile(b, dir)
			record, at := make([]byte, recordSize), int64(0)
			return func(string) error {
				_, err := f.WriteAt(record, at)
				at += recordSize
				return err
			}, f.Close
		})
	})
}

// refill opens an empty thing, puts every key into it, closes it, and so on
// until b.N keys were put. Only the puts are timed.
func refill(b *testing.B, d *data, open func(b *testing.B, dir string) (put func(key string) error, done func() error)) {
	b.ReportAllocs()
	b.StopTimer()
	for left := b.N; left > 0; left -= len(d.load) {
		dir, err := os.MkdirTemp(shared.dir, "fresh")
		if err != nil {
			b.Fatal(err)
		}
		put, done := open(b, dir)
		b.StartTimer()
		for _, key := range d.load[:min(left, len(d.load))] {
			if err := put(key); err != nil {
				b.Fatal(err)
			}
		}
		b.StopTimer()
		if err := done(); err != nil {
			b.Fatal(err)
		}
		os.RemoveAll(dir)
	}
}

// BenchmarkSetAlways is the price of a durable write, alone and with others
// to share an fsync with, beside what one writer pays for a bare append.
func BenchmarkSetAlways(b *testing.B) {
	d := shared.data()
	s, err := kv.NewKVStore(kv.Options{DataDir: b.TempDir(), Sync: kv.SyncAlways})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	for _, goroutines := range []int{1, 16, 64} {
		b.Run(fmt.Sprintf("kv/goroutines=%d", goroutines), func(b *testing.B) {
			before := s.Stats().Syncs
			if err := spread(overwrite, s, d, goroutines, b.N); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(s.Stats().Syncs-before)/float64(b.N), "syncs/op")
		})
	}
	b.Run("append/goroutines=1", func(b *testing.B) {
		f := createFile(b, b.TempDir())
		defer f.Close()
		record := make([]byte, recordSize)
		for at := int64(0); b.Loop(); at += recordSize {
			if _, err := f.WriteAt(record, at); err != nil {
				b.Fatal(err)
			}
			if err := syncData(f); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func createFile(b *testing.B, dir string) *os.File {
	b.Helper()
	f, err := os.Create(filepath.Join(dir, "append"))
	if err != nil {
		b.Fatal(err)
	}
	return f
}
