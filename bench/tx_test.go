package bench

import (
	"testing"

	"github.com/spcent/plumego/store/kv"
)

// BenchmarkUpdate is transactions of ten keys beside ten calls of the same:
// writes alone, which need no snapshot, and counters, which are read first.
// One op is all ten.
func BenchmarkUpdate(b *testing.B) { updates(b, 10) }

// BenchmarkUpdateLarge is BenchmarkUpdate with a hundred keys.
func BenchmarkUpdateLarge(b *testing.B) { updates(b, 100) }

func updates(b *testing.B, keys int) {
	f, d := writing(b)
	durable := f.kv.WithSync(kv.SyncAlways)
	set, count := walkFrom(d.probe, 0), walkFrom(d.counter, 0)
	times := func(do func() error) func() error {
		return func() error {
			for range keys {
				if err := do(); err != nil {
					return err
				}
			}
			return nil
		}
	}
	update := func(do func(tx *kv.Tx) error) func() error {
		return func() error {
			return f.kv.Update(func(tx *kv.Tx) error { return times(func() error { return do(tx) })() })
		}
	}
	for _, c := range []struct {
		name string
		op   func() error
	}{
		{"set/calls", times(func() error { return f.kv.Set(set.next(), d.value, 0) })},
		{"set/update", update(func(tx *kv.Tx) error { return tx.Set(set.next(), d.value, 0) })},
		{"set/durable", func() error {
			return durable.Update(func(tx *kv.Tx) error {
				return times(func() error { return tx.Set(set.next(), d.value, 0) })()
			})
		}},
		{"incr/calls", times(func() error { _, err := f.kv.Incr(count.next(), 1, 0); return err })},
		{"incr/update", update(func(tx *kv.Tx) error { _, err := tx.Incr(count.next(), 1, 0); return err })},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := c.op(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkCompareAndSwap replaces a value by the same, beside Set.
func BenchmarkCompareAndSwap(b *testing.B) {
	f, d := writing(b)
	w := walkFrom(d.probe, 0)
	b.Run("set", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := f.kv.Set(w.next(), d.value, 0); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("swap", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if ok, err := f.kv.CompareAndSwap(w.next(), d.value, d.value, 0); err != nil || !ok {
				b.Fatal(ok, err)
			}
		}
	})
}
