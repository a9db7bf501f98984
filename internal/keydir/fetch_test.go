package keydir

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestFetchBesideWriters fetches keys that are there, that were deleted and
// that never were, while two write: nobody waits for ever, and nothing is lost.
func TestFetchBesideWriters(t *testing.T) {
	const keys, rounds = 500, 40
	d := New(0)
	d.Fetch([]uint64{d.Hash("an empty index")})
	key := func(i int) string { return fmt.Sprint("key ", i%(2*keys)) }
	var work sync.WaitGroup
	for w := range 2 {
		work.Go(func() {
			for i := range rounds * keys {
				k := key(2*i + w)
				if i%3 == 0 {
					d.Delete(d.Hash(k), k)
				}
				_, _, _ = d.Put(d.Hash(k), k, Entry{Offset: 8 * int64(i)})
			}
		})
	}
	work.Go(func() {
		for range rounds {
			d.Fold()
		}
	})
	hashes := make([]uint64, 0, FetchMost)
	for i := range rounds * keys / FetchMost {
		hashes = hashes[:0]
		for j := range FetchMost {
			hashes = append(hashes, d.Hash(key(7*i+j)))
		}
		d.Fetch(hashes)
	}
	work.Wait()
	require.Equal(t, 2*keys, d.Len())
	require.NoError(t, d.Check())
}
