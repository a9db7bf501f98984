package keydir

import (
	"fmt"
	"hash/maphash"
	"math/bits"
	"strings"
	"testing"
)

func TestHashOfStringsAndBytesIsOne(t *testing.T) {
	s := NewSecret()
	for n := range 200 {
		key := strings.Repeat("k", n)
		if a, b := hashKey(&s, key), hashKey(&s, []byte(key)); a != b {
			t.Errorf("%d bytes: string %x, bytes %x", n, a, b)
		}
	}
}

func TestSecretSurvivesItsBytes(t *testing.T) {
	s := NewSecret()
	if got := DecodeSecret(s.Append(nil)); got != s {
		t.Errorf("got %x, want %x", got, s)
	}
}

// Every bit of a key must turn about half of the hash.
func TestEveryBitTurnsHalfTheHash(t *testing.T) {
	for _, n := range []int{1, 3, 4, 7, 8, 15, 16, 17, 32, 40, 100} {
		s := NewSecret()
		key := []byte(strings.Repeat("session:", 13)[:n])
		turned := 0
		for bit := range 8 * n {
			before := hashKey(&s, key)
			key[bit/8] ^= 1 << (bit % 8)
			turned += bits.OnesCount64(before ^ hashKey(&s, key))
		}
		if mean := float64(turned) / float64(8*n); mean < 24 || mean > 40 {
			t.Errorf("%d bytes: a bit turns %.1f of 64 bits on average, want about 32", n, mean)
		}
	}
}

func TestKeysSpreadOverStripesAndFragments(t *testing.T) {
	s := NewSecret()
	const keys = 1 << 16
	stripes := make([]int, stripeCount)
	fragments := map[uint32]bool{}
	for i := range keys {
		h := hashKey(&s, fmt.Sprintf("user:%d", i))
		stripes[h>>stripeShift]++
		fragments[fragment(h)] = true
	}
	for i, n := range stripes {
		if mean := keys / stripeCount; n < mean*3/4 || n > mean*5/4 {
			t.Errorf("stripe %d has %d keys, want about %d", i, n, mean)
		}
	}
	if len(fragments) < keys-10 { // about half a pair is expected
		t.Errorf("%d keys have only %d fragments", keys, len(fragments))
	}
}

func BenchmarkHash(b *testing.B) {
	s, seed := NewSecret(), maphash.MakeSeed()
	for _, n := range []int{8, 16, 40, 100} {
		key := strings.Repeat("k", n)
		b.Run(fmt.Sprintf("ours/%d", n), func(b *testing.B) {
			for range b.N {
				hashKey(&s, key)
			}
		})
		b.Run(fmt.Sprintf("maphash/%d", n), func(b *testing.B) {
			for range b.N {
				maphash.String(seed, key)
			}
		})
	}
}
