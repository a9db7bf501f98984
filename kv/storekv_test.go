package kv_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store"
	kvstore "github.com/spcent/plumego/store/kv"
	"github.com/spcent/plumego/store/storetest"
)

// TestStoreKV runs the contract of store.KV on stores of every kind.
func TestStoreKV(t *testing.T) {
	for name, options := range map[string]func(t *testing.T) kvstore.Options{
		"in memory": func(*testing.T) kvstore.Options { return kvstore.Options{InMemory: true} },
		"on disk": func(t *testing.T) kvstore.Options {
			return kvstore.Options{DataDir: t.TempDir(), Sync: kvstore.SyncNever}
		},
		"tiny, synced": func(t *testing.T) kvstore.Options {
			return kvstore.Options{DataDir: t.TempDir(), SegmentSize: 16 << 10}
		},
	} {
		t.Run(name, func(t *testing.T) {
			if name == "tiny, synced" && testing.Short() {
				t.Skip("real syncs take their time")
			}
			storetest.KV(t, func(t *testing.T, now func() time.Time) store.KV {
				opts := options(t)
				opts.Now = now
				s, err := kvstore.NewKVStore(opts)
				require.NoError(t, err)
				require.Implements(t, (*store.Clock)(nil), s.KV())
				return s.KV()
			})
		})
	}
}

// TestStoreKVVersionsSurvive reopens a store, and expects what it said before.
func TestStoreKVVersionsSurvive(t *testing.T) {
	opts := kvstore.Options{DataDir: t.TempDir(), Sync: kvstore.SyncNever}
	s, err := kvstore.NewKVStore(opts)
	require.NoError(t, err)
	versions, err := s.KV().Commit(t.Context(),
		store.Change{Key: "a", Value: []byte("1")}, store.Change{Key: "nobody", Delete: true}, store.Change{Key: "b"})
	require.NoError(t, err)
	require.Equal(t, []uint64{1, 0, 2}, versions)
	require.NoError(t, s.KV().Close())

	s, err = kvstore.NewKVStore(opts)
	require.NoError(t, err)
	_, err = s.KV().Commit(t.Context(), store.Change{Key: "a", If: versions[0]}, store.Change{Key: "b", Delete: true, If: versions[0]})
	require.Equal(t, kvstore.ErrConflict, err)
	require.ErrorIs(t, err, store.ErrConflict)
	_, err = s.KV().Commit(t.Context(), store.Change{Key: "a", If: versions[0]}, store.Change{Key: "b", Delete: true, If: versions[2]})
	require.NoError(t, err)
	require.NoError(t, s.Close())
}
