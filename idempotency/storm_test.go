package idempotency_test

import (
	"context"
	"flag"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store/idempotency"
	"github.com/spcent/plumego/store/idempotency/idemtest"
	"github.com/spcent/plumego/store/kv"
)

// stormKeys is how many keys the storm has: 10,000 is the full one.
var stormKeys = flag.Int("storm", 300, "keys of TestStorm")

// TestStorm: 64 goroutines do every key, and each effect is had once.
func TestStorm(t *testing.T) {
	engine := open(t, kv.Options{DataDir: t.TempDir(), Sync: kv.SyncNever})
	idem, err := idempotency.NewKVStore(engine.KV(), "idem:")
	require.NoError(t, err)
	effects := make([]atomic.Int64, *stormKeys)
	err = idemtest.Storm(t.Context(), idem, 64, *stormKeys, func(_ context.Context, key int) error {
		effects[key].Add(1)
		return nil
	})
	require.NoError(t, err)
	for key := range effects {
		require.EqualValues(t, 1, effects[key].Load(), "key %d", key)
	}
	t.Logf("64 goroutines, %d keys, each effect once", *stormKeys)
}

// TestSharedStores: two stores on one engine are held to the contract of one.
func TestSharedStores(t *testing.T) {
	idemtest.RunShared(t, func(t *testing.T) (a, b idempotency.Claimer) {
		engine := open(t, kv.Options{InMemory: true})
		a, err := idempotency.NewKVStore(engine.KV(), "idem:")
		require.NoError(t, err)
		b, err = idempotency.NewKVStore(engine.KV(), "idem:")
		require.NoError(t, err)
		return a, b
	})
}
