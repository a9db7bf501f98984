package dbtest

import (
	"context"
	"database/sql"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store"
	"github.com/spcent/plumego/store/db"
	"github.com/spcent/plumego/store/idempotency"
	"github.com/spcent/plumego/store/idempotency/idemtest"
)

func TestIdempotencyIsShared(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, b base, sqlDB *sql.DB) {
		idemtest.RunShared(t, func(t *testing.T) (idempotency.Claimer, idempotency.Claimer) {
			k := b.kv(t, sqlDB, db.KVOptions{})
			one, err := idempotency.NewKVStore(k, "idem:")
			require.NoError(t, err)
			other, err := idempotency.NewKVStore(k, "idem:")
			require.NoError(t, err)
			return one, other
		})
	})
}

const stormKeys = 40

// storm does every operation once, whoever else does them too. An effect
// that is made twice is an error.
func storm(k store.KV) error {
	s, err := idempotency.NewKVStore(k, "idem:")
	if err != nil {
		return err
	}
	return idemtest.Storm(context.Background(), s, 4, stormKeys, func(ctx context.Context, key int) error {
		_, err := k.Commit(ctx, store.Change{Key: fmt.Sprintf("effect:%d", key), If: store.Absent})
		return err
	})
}

// TestIdempotencyInTwoProcesses: both do the same operations at once, and each
// is done once.
func TestIdempotencyInTwoProcesses(t *testing.T) {
	for n, b := range bases() {
		if b.driver == "postgres" {
			continue // as for the other suites
		}
		t.Run(b.name, func(t *testing.T) {
			dsn := b.dsn(t)
			sqlDB, err := db.Open(db.DefaultConfig(b.driver, dsn))
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, sqlDB.Close()) })
			table := named("kv_storm")
			k := b.kv(t, sqlDB, db.KVOptions{Table: table})
			cmd, in, out, complaints := start(t, "storm", n, dsn, table)
			together(t, in, out)
			require.NoError(t, storm(k))
			require.NoError(t, cmd.Wait(), complaints.String())
			effects := 0
			for _, err := range k.Scan(t.Context(), "effect:", "") {
				require.NoError(t, err)
				effects++
			}
			require.Equal(t, stormKeys, effects)
		})
	}
}
