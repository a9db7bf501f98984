package keydir

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// TestWhatFitsIsPut asks before each Put into stripes of a few pieces, which
// are filled and thinned out, with short keys and long ones.
func TestWhatFitsIsPut(t *testing.T) {
	const seed = 1
	rng := rand.New(rand.NewPCG(seed, 0))
	yes, no := 0, 0
	var many Claims
	for range 1000 {
		many.Add(7, MaxKeySize)
	}
	for _, limit := range []int{2, 7, 20} {
		d := New(epoch)
		d.hash = func(string) uint64 { return 7 }
		d.Limit(limit)
		var keys []string
		for i := range 3000 {
			key := fmt.Sprint(i) + strings.Repeat("k", []int{rng.IntN(20), rng.IntN(500), rng.IntN(MaxKeySize - 10)}[rng.IntN(3)])
			fits := d.Fits(7, key, &Claims{})
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
				if !d.Fits(7, key, &many) {
					t.Fatal("a key that is there does not fit")
				}
			}
		}
		check(t, d)
	}
	t.Logf("%d puts, %d refused", yes, no)
}

// TestWhatFitsBesideOthers puts all that were claimed, in several orders, when
// it was said that there is room for one more.
func TestWhatFitsBesideOthers(t *testing.T) {
	const seed = 1
	rng := rand.New(rand.NewPCG(seed, 1))
	yes, no := 0, 0
	for round := range 500 {
		d := newOfOneStripe(1 + rng.IntN(12))
		put(t, d, "first", 1)
		longest := []int{20, 500, 4100, 16_000, MaxKeySize - 10}[round%5]
		var claims Claims
		var others []string
		for i := range rng.IntN([]int{4000, 600, 80, 20, 6}[round%5]) {
			key := fmt.Sprint(i, strings.Repeat("k", rng.IntN(longest)))
			others = append(others, key)
			claims.Add(d.Hash(key), len(key))
		}
		if !d.Fits(d.Hash("last"), "last", &claims) {
			no++
			continue
		}
		yes++
		switch rng.IntN(3) {
		case 0:
			slices.SortFunc(others, func(a, b string) int { return len(a) - len(b) })
		case 1:
			slices.SortFunc(others, func(a, b string) int { return len(b) - len(a) })
		}
		for _, key := range append(others, "last") {
			if _, _, err := d.Put(d.Hash(key), key, Entry{}); err != nil {
				t.Fatalf("seed %d, round %d: %d keys of at most %d bytes were to fit: %v", seed, round, len(others), longest, err)
			}
		}
	}
	if yes < 100 || no < 100 {
		t.Errorf("%d times yes, %d times no", yes, no)
	}
}

// TestClaimsAreLittleMoreThanKeysTake claims keys until no more fit, and puts
// keys of the same length into an index of the same size until it is full.
func TestClaimsAreLittleMoreThanKeysTake(t *testing.T) {
	for _, length := range []int{4, 20, 100, 1000, 4000, 5000, 16_000, 60_000} {
		const pieces = 12
		d := newOfOneStripe(pieces)
		var claims Claims
		fit, took := 0, 0
		for ; d.Fits(0, strings.Repeat("k", length), &claims); fit++ {
			claims.Add(0, length)
		}
		for err := error(nil); err == nil; took++ {
			key := fmt.Sprintf("%0*d", length, took)
			_, _, err = d.Put(d.Hash(key), key, Entry{})
		}
		if fit < took/2 {
			t.Errorf("%d keys of %d bytes fit, it is said, and %d do", fit, length, took-1)
		}
		for range fit {
			claims.Drop(0, length)
		}
		if claims != (Claims{}) {
			t.Errorf("claims of keys of %d bytes were dropped, and are there", length)
		}
	}
}

// newOfOneStripe returns an index with all its keys in a stripe of so many
// pieces.
func newOfOneStripe(pieces int) *Keydir {
	d := New(epoch)
	d.hash = func(key string) uint64 { return hashKey(&d.secret, key) >> stripeBits }
	d.Limit(pieces)
	return d
}
