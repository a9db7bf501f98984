package kv

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestAFullIndexLeavesNothingInTheLog has eight writers store more keys than
// the index takes, alone and two at a time. What was refused is not there when
// the store is opened again, and what was acknowledged is.
func TestAFullIndexLeavesNothingInTheLog(t *testing.T) {
	d := newDisk(t)
	opts := onDisk(d, newHandClock())
	opts.SegmentSize = 1 << 20
	s := mustOpen(t, opts)
	s.engine.index.Limit(2)
	var all sync.WaitGroup
	var mu sync.Mutex
	book, refused := ledger{}, 0
	note := func(err error, keys ...string) {
		mu.Lock()
		defer mu.Unlock()
		if errors.Is(err, ErrFull) {
			refused++
			return
		}
		if err != nil {
			t.Error(err)
			return
		}
		for _, key := range keys {
			book[key] = holding{value: "v"}
		}
	}
	for w := range 8 {
		all.Go(func() {
			s := s.WithSync(SyncPolicy(w % 3))
			for i := range 600 {
				a, b := fmt.Sprintf("%d:%d %0500d", w, i, 0), fmt.Sprintf("%d:%d %0200d", w, i, 1)
				if i%3 > 0 {
					note(s.Set(a, []byte("v"), 0), a)
					continue
				}
				note(s.Update(func(tx *Tx) error {
					return errors.Join(tx.Set(a, []byte("v"), 0), tx.Set(b, []byte("v"), 0))
				}), a, b)
			}
		})
	}
	all.Wait()
	require.NotZero(t, refused)
	requireHoldings(t, book, s, "full")
	for key := range book {
		require.NoError(t, s.Set(key, []byte("v"), 0), "a key that is there")
		require.NoError(t, s.Delete(key))
		require.NoError(t, s.Set(key, []byte("v"), 0), "in the room of a deleted key")
		break
	}
	killed := opts
	killed.fs = d.KillClone()
	for _, opts := range []Options{killed, opts} {
		require.NoError(t, s.Close())
		s = mustOpenAgain(t, opts)
		requireHoldings(t, book, s, "reopened")
	}
	require.NoError(t, s.Close())
	t.Logf("%d keys, %d writes refused", len(book), refused)
}
