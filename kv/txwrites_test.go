package kv

import (
	"bytes"
	"fmt"
	"iter"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store/internal/record"
)

// TestTxMemoryFindsWhatWasAdded compares with a map, with hashes of which many
// are the same, and in memory that was used before.
func TestTxMemoryFindsWhatWasAdded(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, *seed))
	e := engine{txMemories: newTxMemories()}
	for range 50 {
		m := e.txMemory()
		want := map[string]int64{}
		for range rnd.IntN(3 * leastSlots) {
			key := fmt.Sprint(rnd.IntN(2 * leastSlots))
			h := uint64(len(key)) * leastSlots // all keys of a length
			w := m.find(h, key)
			deadline, there := want[key]
			require.Equal(t, there, w != nil, "-seed %d", *seed)
			if there {
				require.Equal(t, deadline, w.deadline, "-seed %d", *seed)
				continue
			}
			want[key] = rnd.Int64()
			m.add(write{kind: record.Put, key: key, hash: h, deadline: want[key]})
		}
		require.Len(t, m.writes, len(want))
		e.reuse(m)
	}
}

// TestTxMemoryKeepsNothing looks at what a transaction leaves for the next.
func TestTxMemoryKeepsNothing(t *testing.T) {
	e := engine{txMemories: newTxMemories()}
	m := e.txMemory()
	for i := range 100 {
		m.add(write{key: fmt.Sprint(i), hash: uint64(i), value: m.keep([]byte("v"))})
		m.all = append(m.all, mutation{key: fmt.Sprint(i)})
	}
	e.reuse(m)
	for _, w := range m.writes[:100] {
		require.Zero(t, w)
	}
	for _, x := range m.all[:100] {
		require.Zero(t, x)
	}
	require.Nil(t, m.find(7, "7"))
	require.Empty(t, m.values)
}

// TestAScanOutlivesItsTransaction goes on with a scan when its transaction is
// over, and another works in the same memory.
func TestAScanOutlivesItsTransaction(t *testing.T) {
	s := mustOpen(t, Options{InMemory: true})
	require.NoError(t, s.Set("c", []byte("there before"), 0))
	for steps := 1; steps <= 3; steps++ {
		var next func() (Item, error, bool)
		var stop func()
		require.NoError(t, s.Update(func(tx *Tx) error {
			require.NoError(t, tx.Set("a", []byte("AAAA"), 0))
			require.NoError(t, tx.Set("b", []byte("BBBB"), 0))
			next, stop = iter.Pull2(tx.Scan(""))
			for range steps {
				_, err, ok := next()
				require.NoError(t, err)
				require.True(t, ok)
			}
			return nil
		}))
		require.NoError(t, s.Update(func(tx *Tx) error {
			require.NoError(t, tx.Set("d", []byte("of another"), 0))
			for item, err, ok := next(); ok; item, err, ok = next() {
				require.ErrorIs(t, err, ErrTxDone, "%d steps, and then %+v", steps, item)
			}
			return nil
		}))
		stop()
		require.NoError(t, s.Delete("d"))
	}
	require.NoError(t, s.Close())
}

// TestTxValuesStayApart changes what was given to Set, and has values grow
// through all sizes of pieces: each stays what it was, to the last byte.
func TestTxValuesStayApart(t *testing.T) {
	opts := onDisk(newDisk(t), newHandClock())
	opts.SegmentSize = 1 << 20
	s := mustOpen(t, opts)
	for range 3 { // the later ones in the memory of the first
		length := func(i int) int { return []int{0, 1, 100, 3000, ownPiece, ownPiece + 1}[i%6] + i }
		value := func(i int) string { return strings.Repeat(string(rune('a'+i%26)), length(i)) }
		require.NoError(t, s.Update(func(tx *Tx) error {
			for i := range 200 {
				given := []byte(value(i))
				require.NoError(t, tx.Set(fmt.Sprint(i), given, 0))
				clear(given)
			}
			for i := range 200 {
				got, err := tx.Get(fmt.Sprint(i))
				require.NoError(t, err)
				require.True(t, bytes.Equal([]byte(value(i)), got), i)
				clear(got)
			}
			return nil
		}))
		for i := range 200 {
			got, err := s.Get(fmt.Sprint(i))
			require.NoError(t, err)
			require.Equal(t, value(i), string(got))
		}
	}
	_, err := s.Verify(t.Context())
	require.NoError(t, err)
	require.NoError(t, s.Close())
}
