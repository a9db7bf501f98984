package cache

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/spcent/plumego/store/kv"
)

// TestPolicyKeepsWhatIsAskedFor asks for a hundred keys again and again beside
// a stream of keys that come once, in policies of few and of many values.
func TestPolicyKeepsWhatIsAskedFor(t *testing.T) {
	const hot, rounds = 100, 200_000
	for _, entries := range []int64{6, 20, 330, 700, 3400, 34_000} {
		p := newPolicy(entries, 1, 32<<20, 64, newClock(nil))
		missed, turn := 0, 0
		for i := range rounds {
			for range 2 {
				key := fmt.Sprint("hot", turn%hot)
				turn++
				if !p.touch(key) {
					missed++
					p.set(key, 1, 0)
				}
			}
			key := fmt.Sprint(i)
			if slices.Contains(p.set(key, 1, 0), key) {
				t.Fatalf("%d values: the key that was set was given up for itself", entries)
			}
			if p.weight.Load() > entries {
				t.Fatalf("%d values weigh %d", entries, p.weight.Load())
			}
		}
		t.Logf("%d values, %d parts: %d of %d hot ones were missing", entries, len(p.parts), missed-hot, turn)
		for i, s := range p.parts {
			if mean := entries / int64(len(p.parts)); s.weight.Load() < mean*9/10 {
				t.Errorf("part %d has %d values, others %d", i, s.weight.Load(), mean)
			}
		}
		if entries > 2*hot && missed-hot > turn/500 {
			t.Errorf("%d values: %d of %d hot ones were missing", entries, missed-hot, turn)
		}
	}
}

// TestALargeValueStays: what a Set has returned for is there for who asks next,
// if nobody else is at work, also when few such values fit.
func TestALargeValueStays(t *testing.T) {
	for _, size := range []int{leastDisk / valuesInDisk * 9 / 10, leastDisk / 64, 1000} {
		c := openPersistent(t, t.TempDir(), PersistentConfig{MaxBytes: leastDisk, MaxValueBytes: leastDisk / valuesInDisk * 9 / 10})
		ctx := context.Background()
		for i := range 300 {
			key := fmt.Sprint(i % 200)
			if err := c.Set(ctx, key, make([]byte, size), 0); err != nil {
				t.Fatal(err)
			}
			if _, err := c.Get(ctx, key); err != nil {
				t.Fatalf("%d bytes: %v, behind its Set", size, err)
			}
		}
	}
}

// TestTheLongestKeys are those that the engine takes with the prefix.
func TestTheLongestKeys(t *testing.T) {
	config := PersistentConfig{MaxBytes: 64 << 20, MaxKeyLength: kv.MaxKeySize - len(valuePrefix)}
	c := openPersistent(t, t.TempDir(), config)
	if err := c.Set(t.Context(), strings.Repeat("k", config.MaxKeyLength), nil, 0); err != nil {
		t.Error(err)
	}
	config.MaxKeyLength++
	if _, err := NewPersistentCache(t.TempDir(), config); !errors.Is(err, ErrInvalidConfig) {
		t.Errorf("one byte more: %v", err)
	}
}
