package kv

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store/internal/keydir"
	"github.com/spcent/plumego/store/internal/seglog"
)

// TestScansInScans has each step of a scan scan the whole store, and end early
// now and then, so that memory goes from one scan to another while a third is
// under way.
func TestScansInScans(t *testing.T) {
	s := mustOpen(t, Options{InMemory: true})
	const keys = 60
	for i := range keys {
		require.NoError(t, s.Set(fmt.Sprintf("key-%02d", i), fmt.Appendf(nil, "value-%02d", i), 0))
	}
	expect := func(i int, item Item, err error) {
		require.NoError(t, err)
		require.Equal(t, fmt.Sprintf("key-%02d value-%02d", i, i), item.Key+" "+string(item.Value))
	}
	i := 0
	for item, err := range s.Scan("") {
		expect(i, item, err)
		j := 0
		for inner, err := range s.Scan("") {
			expect(j, inner, err)
			if j++; j == 1+i {
				break
			}
		}
		j = 0
		for key := range s.Keys("") {
			require.Equal(t, fmt.Sprintf("key-%02d", j), key)
			j++
		}
		require.Equal(t, keys, j)
		i++
	}
	require.Equal(t, keys, i)
	require.NoError(t, s.Close())
}

// TestMemoryOfAScanKeepsNothing: what a scan has read may go when its reader
// lets go of it.
func TestMemoryOfAScanKeepsNothing(t *testing.T) {
	e := &engine{scanMemories: newScanMemories()}
	m := &scanMemory{
		batch: []keydir.Pair{{Key: "a"}, {Key: "b"}},
		chunk: chunk{
			items:  []Item{{Key: "a", Value: []byte("1")}, {Key: "b", Value: []byte("2")}},
			places: []seglog.Wanted{{Key: "a"}, {Key: "b"}},
			limit:  64,
		},
	}
	m.batch, m.chunk.items, m.chunk.places = m.batch[:1], m.chunk.items[:0], m.chunk.places[:1]
	e.keepScanMemory(m)
	require.Zero(t, m.chunk.limit)
	for i := range 2 {
		require.Zero(t, m.batch[:2][i])
		require.Zero(t, m.chunk.items[:2][i])
		require.Zero(t, m.chunk.places[:2][i])
	}
}
