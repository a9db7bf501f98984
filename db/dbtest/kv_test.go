package dbtest

import (
	"database/sql"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store"
	"github.com/spcent/plumego/store/db"
	"github.com/spcent/plumego/store/storetest"
)

// dialect is what the base speaks.
func (b base) dialect() db.Dialect {
	switch b.env {
	case postgresEnv:
		return db.PostgreSQL
	case mariadbEnv:
		return db.MySQL
	default:
		return db.SQLite
	}
}

// tables are those that a database has ready: making them costs more than
// emptying them. Tests do not run at the same time.
type tables struct {
	made int
	free []string
}

// kv returns an empty KV, in tables of its own while the test runs.
func (b base) kv(t testing.TB, sqlDB *sql.DB, opts db.KVOptions) *db.KV {
	t.Helper()
	if opts.Table == "" {
		opts.Table = b.ready.take()
		defer func() { t.Cleanup(func() { b.ready.free = append(b.ready.free, opts.Table) }) }()
	}
	if opts.ReapInterval == 0 {
		opts.ReapInterval = -1
	}
	k, err := db.NewKVWithOptions(sqlDB, b.dialect(), opts)
	require.NoError(t, err)
	require.NoError(t, k.CreateSchema(t.Context()))
	b.exec(t, sqlDB, "DELETE FROM "+opts.Table)
	t.Cleanup(func() { require.NoError(t, k.Close()) })
	return k
}

// named returns the name of a table that only this process uses.
func named(name string) string { return fmt.Sprintf("%s_%d", name, os.Getpid()) }

func (t *tables) take() string {
	if n := len(t.free); n > 0 {
		name := t.free[n-1]
		t.free = t.free[:n-1]
		return name
	}
	t.made++
	return named(fmt.Sprintf("kv_%d", t.made))
}

func TestKVKeepsTheContract(t *testing.T) {
	onEach(t, func(t *testing.T, b base, sqlDB *sql.DB) {
		storetest.KV(t, func(t *testing.T, now func() time.Time) store.KV {
			return b.kv(t, sqlDB, db.KVOptions{Now: now})
		})
	})
}
