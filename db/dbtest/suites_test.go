package dbtest

import (
	"database/sql"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store"
	"github.com/spcent/plumego/store/db"
	"github.com/spcent/plumego/store/file/filetest"
	"github.com/spcent/plumego/store/idempotency"
	"github.com/spcent/plumego/store/idempotency/idemtest"
)

// What stands on store.KV keeps its own contract on tables too: once for each
// database. That both drivers of PostgreSQL do the same is shown by the
// contract of store.KV.

func onEachDatabase(t *testing.T, run func(t *testing.T, b base, sqlDB *sql.DB)) {
	for _, b := range bases() {
		if b.driver != "postgres" {
			t.Run(b.name, func(t *testing.T) { run(t, b, b.open(t)) })
		}
	}
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

func TestFileOnKV(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, b base, sqlDB *sql.DB) {
		filetest.KV(t, func(t *testing.T, now func() time.Time) store.KV {
			return b.kv(t, sqlDB, db.KVOptions{Now: now})
		})
	})
}
