package kv

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store/internal/keydir"
)

// TestManySmallKeysFitAnEmptyStore writes as many as a transaction takes, and
// as many as wait for one sync: what the index needs for them is little.
func TestManySmallKeysFitAnEmptyStore(t *testing.T) {
	const keys = 7000
	s := mustOpen(t, Options{InMemory: true, Sync: SyncNever})
	fill := func(prefix string) error {
		return s.Update(func(tx *Tx) error {
			for i := range keys {
				if err := tx.Set(fmt.Sprint(prefix, i), nil, 0); err != nil {
					return err
				}
			}
			return nil
		})
	}
	require.NoError(t, fill("first:"))
	require.NoError(t, fill("second:"))
	require.NoError(t, fill("first:"), "of keys that are there")
	require.Equal(t, 2*keys, s.Len())
	require.NoError(t, s.Close())

	s = mustOpen(t, Options{InMemory: true})
	s.engine.syncing.Lock() // nobody leads
	var writers sync.WaitGroup
	for i := range keys {
		writers.Go(func() {
			if err := s.Set(fmt.Sprint(i), nil, 0); err != nil {
				t.Error(err)
			}
		})
	}
	waiting(t, s, keys)
	s.engine.syncing.Unlock()
	writers.Wait()
	require.Equal(t, keys, s.Len())
	require.Equal(t, keydir.Claims{}, s.engine.claims, "nothing waits any more")
	require.NoError(t, s.Close())
}

// TestKeysThatWaitForASyncHaveTheirRoom has more long keys wait for one sync
// than the index takes: those that it would refuse are refused before.
func TestKeysThatWaitForASyncHaveTheirRoom(t *testing.T) {
	const keys = 300
	s := mustOpen(t, Options{InMemory: true})
	s.engine.index.Limit(2)
	s.engine.syncing.Lock() // nobody leads
	var writers sync.WaitGroup
	var kept, refused atomic.Int64
	for i := range keys {
		writers.Go(func() {
			switch err := s.Set(fmt.Sprintf("%05000d", i), nil, 0); {
			case err == nil:
				kept.Add(1)
			case errors.Is(err, ErrFull):
				refused.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	eventually(t, "everybody waits or was refused", func() bool {
		s.engine.mu.Lock()
		defer s.engine.mu.Unlock()
		return s.engine.group != nil && int64(len(s.engine.group.mutations))+refused.Load() == keys
	})
	s.engine.syncing.Unlock()
	writers.Wait()
	require.NotZero(t, refused.Load())
	require.Equal(t, int(kept.Load()), s.Len())
	require.NoError(t, s.engine.saved.lacking)
	require.NoError(t, s.Close())
}

// TestAGroupOfLongKeysIsRefusedWhole fills an index with transactions of keys
// of all lengths: each is there whole or not at all, and when one is refused
// there was really little room left.
func TestAGroupOfLongKeysIsRefusedWhole(t *testing.T) {
	for round := range 20 {
		rng := randomFor("long keys", round)
		s := mustOpen(t, Options{InMemory: true, Sync: SyncPolicy(round % 3)})
		s.engine.index.Limit(20)
		refused := 0
		for n := 0; refused < 30; n++ {
			before := s.Len()
			count := 1 + rng.IntN(30)
			err := s.Update(func(tx *Tx) error {
				for i := range count {
					key := fmt.Sprint(n, ":", i, ":") + strings.Repeat("k", []int{1 + rng.IntN(20), 1 + rng.IntN(6000), 1 + rng.IntN(60_000)}[rng.IntN(3)])
					if err := tx.Set(key, nil, 0); err != nil {
						return err
					}
				}
				return nil
			})
			if err == nil {
				require.Equal(t, before+count, s.Len())
				continue
			}
			require.True(t, errors.Is(err, ErrFull), "%v", err)
			require.Equal(t, before, s.Len(), "round %d, -seed %d", round, *seed)
			refused++
		}
		require.NoError(t, s.engine.saved.lacking)
		require.Greater(t, s.engine.index.Bytes(), int64(64*20*16<<10/4), "round %d, -seed %d", round, *seed)
		require.Equal(t, keydir.Claims{}, s.engine.claims)
		require.NoError(t, s.Close())
	}
}
