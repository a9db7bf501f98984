package dbtest

import (
	"database/sql"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store"
	"github.com/spcent/plumego/store/cache"
	"github.com/spcent/plumego/store/cache/cachetest"
	"github.com/spcent/plumego/store/db"
	"github.com/spcent/plumego/store/file"
	"github.com/spcent/plumego/store/file/filetest"
	"github.com/spcent/plumego/store/idempotency"
	"github.com/spcent/plumego/store/idempotency/idemtest"
	"github.com/spcent/plumego/store/internal/repotest"
	"github.com/spcent/plumego/store/kv"
)

// What stands on store.KV keeps its own contract on tables too: once for each
// database. That both drivers of PostgreSQL do the same is shown by the
// contract of store.KV. The databases are at work at the same time.

func onEachDatabase(t *testing.T, run func(t *testing.T, b base, sqlDB *sql.DB)) {
	for _, b := range bases() {
		if b.driver == "postgres" {
			continue
		}
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			run(t, b, b.open(t))
		})
	}
}

func TestRepositoryOnKV(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, b base, sqlDB *sql.DB) {
		repotest.Run(t, func(t *testing.T) store.Repository[repotest.User] {
			return kv.NewKVRepository[repotest.User](b.kv(t, sqlDB, db.KVOptions{}), "user:")
		})
	})
}

func TestCacheOnKV(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, b base, sqlDB *sql.DB) {
		cachetest.Cache(t, func(t *testing.T, now func() time.Time) cache.Cache {
			c, err := cache.NewKVCache(b.kv(t, sqlDB, db.KVOptions{Now: now}), "cache:", cache.KVConfig{})
			require.NoError(t, err)
			return c
		})
	})
}

func TestIdempotencyOnKV(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, b base, sqlDB *sql.DB) {
		idemtest.Run(t, func(t *testing.T, now func() time.Time) idempotency.Store {
			s, err := idempotency.NewKVStore(b.kv(t, sqlDB, db.KVOptions{Now: now}), "idem:")
			require.NoError(t, err)
			return s
		})
	})
}

// TestFileOnKV runs all that filetest has for an engine on SQLite, and the
// contract of files, with one size of chunks, on the servers; there the rest
// takes minutes, and is run if STORE_DBTEST_LONG is 1.
func TestFileOnKV(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, b base, sqlDB *sql.DB) {
		open := func(t *testing.T, now func() time.Time) store.KV {
			return b.kv(t, sqlDB, db.KVOptions{Now: now})
		}
		if b.env == "" || os.Getenv("STORE_DBTEST_LONG") == "1" {
			filetest.KV(t, open)
			return
		}
		filetest.Storage(t, func(t *testing.T, now func() time.Time) file.Storage {
			s, err := file.NewKVStorage(open(t, now), file.KVOptions{InlineSize: 512, ChunkSize: 4 << 10, Now: now})
			require.NoError(t, err)
			return s
		})
	})
}
