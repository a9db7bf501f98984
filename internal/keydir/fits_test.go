package keydir

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// TestWhatFitsIsPut asks before each Put into stripes of a few pieces, which
// are filled and thinned out, with short keys and long ones.
func TestWhatFitsIsPut(t *testing.T) {
	const seed = 1
	rng := rand.New(rand.NewPCG(seed, 0))
	yes, no := 0, 0
	for _, limit := range []int{2, 7, 20} {
		d := New(epoch)
		d.hash = func(string) uint64 { return 7 }
		d.Limit(limit)
		var keys []string
		for i := range 3000 {
			key := fmt.Sprint(i) + strings.Repeat("k", []int{rng.IntN(20), rng.IntN(500), rng.IntN(MaxKeySize - 10)}[rng.IntN(3)])
			fits := d.Fits(7, key, 0)
			_, _, err := d.Put(7, key, Entry{})
			if fits != (err == nil) {
				t.Fatalf("seed %d, limit %d, key %d of %d bytes: Fits says %v, Put %v", seed, limit, i, len(key), fits, err)
			}
			if err == nil {
				yes++
				keys = append(keys, key)
				continue
			}
			no++
			for range min(len(keys), rng.IntN(20)) {
				at := rng.IntN(len(keys))
				remove(t, d, keys[at])
				keys[at] = keys[len(keys)-1]
				keys = keys[:len(keys)-1]
			}
			for _, key := range keys {
				if !d.Fits(7, key, 1000) {
					t.Fatal("a key that is there does not fit")
				}
			}
		}
		check(t, d)
	}
	t.Logf("%d puts, %d refused", yes, no)
}

// TestWhatFitsBesideOthers puts as many of the longest keys as were asked for
// when it was said that there is room.
func TestWhatFitsBesideOthers(t *testing.T) {
	for limit := 1; limit < 60; limit++ {
		for others := range 8 {
			d := New(epoch)
			d.hash = func(string) uint64 { return 7 }
			d.Limit(limit)
			put(t, d, "first", 1)
			long := strings.Repeat("k", MaxKeySize-2)
			if !d.Fits(7, "last", others) {
				continue
			}
			for i := range others {
				put(t, d, fmt.Sprint(long, i), 1)
			}
			put(t, d, "last", 1)
		}
	}
}
