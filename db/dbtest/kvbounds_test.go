package dbtest

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store"
	"github.com/spcent/plumego/store/db"
)

// noise returns bytes that no database can compress.
func noise(n int) []byte {
	random := rand.NewChaCha8([32]byte{'n'})
	b := make([]byte, n)
	_, _ = random.Read(b) // never fails
	return b
}

func TestKVKeepsTheLongestKeyAndValue(t *testing.T) {
	onEach(t, func(t *testing.T, b base, sqlDB *sql.DB) {
		k := b.kv(t, sqlDB, db.KVOptions{})
		key, value := string(noise(db.MaxKeySize)), noise(db.MaxValueSize)
		_, err := k.Commit(t.Context(), store.Change{Key: key, Value: value}, store.Change{Key: key[1:], Value: []byte("beside")})
		require.NoError(t, err)
		got, err := k.Get(t.Context(), key)
		require.NoError(t, err)
		require.True(t, string(got.Value) == string(value))
		_, err = k.Commit(t.Context(), store.Change{Key: key, Delete: true, If: got.Version})
		require.NoError(t, err)

		for _, c := range []store.Change{{Key: key + "x"}, {Key: string(noise(65535))}, {Key: ""}, {Key: "k", Value: append(value, 'x')}} {
			_, err := k.Commit(t.Context(), c)
			require.ErrorIs(t, err, store.ErrInvalid)
		}
		_, err = k.Get(t.Context(), key+"x")
		require.ErrorIs(t, err, db.ErrInvalidKey)
	})
}

func TestKVCommitsMoreThanAStatementHolds(t *testing.T) {
	onEach(t, func(t *testing.T, b base, sqlDB *sql.DB) {
		k := b.kv(t, sqlDB, db.KVOptions{})
		var changes []store.Change
		for i := range 300 {
			changes = append(changes, store.Change{Key: fmt.Sprintf("%03d", i), Value: noise(20 << 10), If: store.Absent})
		}
		versions, err := k.Commit(t.Context(), changes...)
		require.NoError(t, err)
		n := 0
		for item, err := range k.Scan(t.Context(), "", "") {
			require.NoError(t, err)
			require.Equal(t, changes[n].Key, item.Key)
			require.Equal(t, versions[n], item.Version)
			n++
		}
		require.Equal(t, len(changes), n)
		for i := range changes {
			changes[i] = store.Change{Key: changes[i].Key, Delete: true, If: versions[i]}
		}
		changes[299].If++
		_, err = k.Commit(t.Context(), changes...)
		require.ErrorIs(t, err, store.ErrConflict)
		changes[299].If--
		_, err = k.Commit(t.Context(), changes...)
		require.NoError(t, err)
		for item := range k.Scan(t.Context(), "", "") {
			t.Errorf("%q is left", item.Key)
		}
	})
}

func TestKVJudgesDeadlinesByTheServersClock(t *testing.T) {
	onEach(t, func(t *testing.T, b base, sqlDB *sql.DB) {
		k := b.kv(t, sqlDB, db.KVOptions{})
		start := k.Now()
		require.WithinDuration(t, time.Now(), start, time.Minute)
		deadline := start.Add(200 * time.Millisecond)
		_, err := k.Commit(t.Context(),
			store.Change{Key: "soon", Deadline: deadline},
			store.Change{Key: "later", Deadline: start.Add(time.Hour)},
			store.Change{Key: "past", Deadline: start.Add(-time.Millisecond)},
			store.Change{Key: "never", Deadline: time.Date(300_000_000, 1, 1, 0, 0, 0, 0, time.UTC)},
		)
		require.NoError(t, err)
		for {
			before := k.Now()
			_, err := k.Get(t.Context(), "soon")
			if err != nil {
				require.ErrorIs(t, err, store.ErrNotFound)
				require.False(t, k.Now().Before(deadline), "it went before its time")
				break
			}
			require.True(t, before.Before(deadline), "it outlived its time")
		}
		var left []string
		for item, err := range k.Scan(t.Context(), "", "") {
			require.NoError(t, err)
			left = append(left, item.Key)
		}
		require.Equal(t, []string{"later", "never"}, left)
		require.NoError(t, k.Close())
		require.False(t, k.Now().Before(deadline), "a closed KV knows what it has heard")
	})
}

// stored returns how many rows there are, the expired included.
func stored(t *testing.T, sqlDB *sql.DB, table string) int {
	n, err := db.One[int](t.Context(), sqlDB, "SELECT COUNT(*) FROM "+table)
	require.NoError(t, err)
	return n
}

func TestKVReapsInBatches(t *testing.T) {
	onEach(t, func(t *testing.T, b base, sqlDB *sql.DB) {
		table := named("kv_reaped")
		now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
		k := b.kv(t, sqlDB, db.KVOptions{Table: table, Now: func() time.Time { return now }})
		var changes []store.Change
		for i := range 1201 {
			changes = append(changes, store.Change{Key: fmt.Sprint("dead", i), Deadline: now.Add(time.Second)})
		}
		changes = append(changes, store.Change{Key: "alive", Deadline: now.Add(time.Hour)}, store.Change{Key: "for ever"})
		_, err := k.Commit(t.Context(), changes...)
		require.NoError(t, err)
		n, err := k.Reap(t.Context())
		require.NoError(t, err)
		require.Zero(t, n)
		now = now.Add(time.Second)
		require.Equal(t, 1203, stored(t, sqlDB, table))
		n, err = k.Reap(t.Context())
		require.NoError(t, err)
		require.EqualValues(t, 1201, n)
		require.Equal(t, 2, stored(t, sqlDB, table))
	})
}

func TestKVReapsBehind(t *testing.T) {
	onEach(t, func(t *testing.T, b base, sqlDB *sql.DB) {
		table := named("kv_behind")
		k := b.kv(t, sqlDB, db.KVOptions{Table: table, ReapInterval: time.Millisecond})
		_, err := k.Commit(t.Context(), store.Change{Key: "k", Deadline: k.Now().Add(20 * time.Millisecond)})
		require.NoError(t, err)
		require.Eventually(t, func() bool { return stored(t, sqlDB, table) == 0 }, 20*time.Second, time.Millisecond)
	})
}

func TestKVWithoutItsSchema(t *testing.T) {
	onEach(t, func(t *testing.T, b base, sqlDB *sql.DB) {
		k, err := db.NewKVWithOptions(sqlDB, b.dialect(), db.KVOptions{Table: "kv_missing", ReapInterval: -1})
		require.NoError(t, err)
		defer k.Close()
		_, err = k.Commit(t.Context(), store.Change{Key: "k"})
		require.ErrorIs(t, err, db.ErrQueryFailed)

		table := named("kv_lost")
		lost := b.kv(t, sqlDB, db.KVOptions{Table: table})
		b.exec(t, sqlDB, "DELETE FROM "+table+"_lanes")
		_, err = lost.Commit(t.Context(), store.Change{Key: "k"})
		require.ErrorIs(t, err, db.ErrNoSchema)
		require.NoError(t, lost.CreateSchema(t.Context()))
		_, err = lost.Commit(t.Context(), store.Change{Key: "k"})
		require.NoError(t, err)
	})
}

func TestKVSchemaIsMadeByManyAtOnce(t *testing.T) {
	onEach(t, func(t *testing.T, b base, sqlDB *sql.DB) {
		table := named("kv_twins")
		opts := db.KVOptions{Table: table, ReapInterval: -1}
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				k, err := db.NewKVWithOptions(sqlDB, b.dialect(), opts)
				if err == nil {
					err = k.CreateSchema(context.Background())
				}
				if err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		k := b.kv(t, sqlDB, opts)
		_, err := k.Commit(t.Context(), store.Change{Key: "k"})
		require.NoError(t, err)
	})
}

func TestKVOptionsAreChecked(t *testing.T) {
	sqlDB := bases()[0].open(t)
	for _, err := range []error{
		second(db.NewKV(nil, db.SQLite)),
		second(db.NewKV(sqlDB, 0)),
		second(db.NewKV(sqlDB, 9)),
		second(db.NewKVWithOptions(sqlDB, db.SQLite, db.KVOptions{Table: "a b"})),
	} {
		require.ErrorIs(t, err, db.ErrInvalidConfig)
	}
}

func second[T any](_ T, err error) error { return err }
