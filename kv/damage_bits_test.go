package kv

import (
	"fmt"
	"iter"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestEveryBitOfEveryFile flips each bit of a small store, T10. A closed
// store must notice every one. In a store whose process was killed, damage to
// the last record cannot be told from a torn write: then it must be reported
// as such and cost no more than that record.
func TestEveryBitOfEveryFile(t *testing.T) {
	for name, closed := range map[string]bool{"closed": true, "killed": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newSample(t, closed, false)
			require.Equal(t, right, m.judge(t, m.image, "undamaged"))
			var count tally
			for _, file := range m.names() {
				m.flipAll(t, file, &count)
			}
			t.Logf("%d files, %d bytes: %v, -seed %d", len(m.image), m.bytes(), count, *seed)
		})
	}
}

func (m *sample) flipAll(t *testing.T, file string, count *tally) {
	data := m.image[file]
	for bit := range bitsOf(len(data)) {
		flipped := append([]byte(nil), data...)
		flipped[bit/8] ^= 1 << (bit % 8)
		label := fmt.Sprintf("bit %d of byte %d of %s", bit%8, bit/8, file)
		v := m.judge(t, m.image.with(file, flipped), label)
		count[v]++
		switch {
		case v == lost:
			t.Fatalf("%s: more was lost than the last record, or without a word", label)
		case v == torn && (m.closed || file != m.active):
			t.Fatalf("%s: called torn, but nothing here was being written", label)
		case v == right && m.closed:
			t.Fatalf("%s: not noticed in a closed store", label)
		}
	}
}

// bitsOf yields the numbers of the bits of so many bytes, as places does.
func bitsOf(bytes int) iter.Seq[int] { return places(8*bytes, 1) }

// places yields the numbers below n that are so far apart; where time is dear,
// one in 13 of them.
func places(n, apart int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := 0; i*apart < n; i++ {
			if sampled(i, 13) && !yield(i*apart) {
				return
			}
		}
	}
}
