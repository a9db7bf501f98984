package cache_test

import (
	"testing"
	"time"

	"github.com/spcent/plumego/store/cache"
	"github.com/spcent/plumego/store/cache/cachetest"
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
