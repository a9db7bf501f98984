package cache_test

import (
	"errors"
	"testing"
	"time"

	"github.com/spcent/plumego/store/cache"
	"github.com/spcent/plumego/store/cache/cachetest"
	"github.com/spcent/plumego/store/kv"
)

func TestMemoryCacheKeepsTheContract(t *testing.T) {
	cachetest.Cache(t, func(t *testing.T, now func() time.Time) cache.Cache {
		c, err := cache.NewMemoryCacheWithConfig(cache.Config{MaxBytes: 2 << 20, Now: now})
		if err != nil {
			t.Fatal(err)
		}
		return c
	})
}

func TestKVCacheKeepsTheContract(t *testing.T) {
	for _, prefix := range []string{"", "cache:"} {
		t.Run("prefix "+prefix, func(t *testing.T) {
			cachetest.Cache(t, func(t *testing.T, now func() time.Time) cache.Cache {
				engine := openEngine(t, kv.Options{InMemory: true, Now: now})
				c, err := cache.NewKVCache(engine.KV(), prefix, cache.KVConfig{})
				if err != nil {
					t.Fatal(err)
				}
				return c
			})
		})
	}
}

func openEngine(t *testing.T, opts kv.Options) *kv.KVStore {
	t.Helper()
	engine, err := kv.NewKVStore(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engine.Close() })
	return engine
}

// TestKVCacheKeepsToItsPrefix: what else is in the engine is neither seen nor
// cleared.
func TestKVCacheKeepsToItsPrefix(t *testing.T) {
	engine := openEngine(t, kv.Options{InMemory: true})
	a, err := cache.NewKVCache(engine.KV(), "a:", cache.KVConfig{})
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	for _, key := range []string{"a", "b:x", "aa:x"} {
		if err := engine.Set(key, []byte("not the cache's"), 0); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.Set(ctx, "x", []byte("v"), 0); err != nil {
		t.Fatal(err)
	}
	if got, err := engine.Get("a:x"); err != nil || string(got) != "v" {
		t.Errorf("the engine has %q, %v", got, err)
	}
	for key, err := range a.Keys(ctx, "") {
		if key != "x" || err != nil {
			t.Errorf("listed: %q, %v", key, err)
		}
	}
	if err := a.Clear(ctx); err != nil {
		t.Fatal(err)
	}
	if n := engine.Len(); n != 3 {
		t.Errorf("%d keys are left of 3 that are not the cache's", n)
	}
	if err := a.Close(); err != nil || engine.Len() != 3 {
		t.Errorf("closing the cache: %v, and the engine has %d keys", err, engine.Len())
	}
	for _, prefix := range []string{":", "a", "a:b:", "a:b"} {
		if _, err := cache.NewKVCache(engine.KV(), prefix, cache.KVConfig{}); !errors.Is(err, cache.ErrInvalidConfig) {
			t.Errorf("prefix %q: error %v, want ErrInvalidConfig", prefix, err)
		}
	}
}

func TestPersistentCacheKeepsTheContract(t *testing.T) {
	cachetest.Cache(t, func(t *testing.T, now func() time.Time) cache.Cache {
		c, err := cache.NewPersistentCache(t.TempDir(), cache.PersistentConfig{MaxBytes: 8 << 20, Now: now})
		if err != nil {
			t.Fatal(err)
		}
		return c
	})
}
