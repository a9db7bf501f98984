package dbtest

import (
	"context"
	"database/sql"
	"errors"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store"
	"github.com/spcent/plumego/store/db"
)

const secret = "hunter2"

type user struct {
	ID      int64
	Name    string
	Mail    *string
	Photo   []byte
	Active  bool
	Balance float64
}

func users(t *testing.T, b base, sqlDB *sql.DB) string {
	return b.table(t, sqlDB, "id BIGINT PRIMARY KEY, name VARCHAR(40) NOT NULL, mail VARCHAR(40), photo BYTES, active BOOLEAN NOT NULL, balance DOUBLE PRECISION NOT NULL")
}

func TestRowsAreMapped(t *testing.T) {
	onEach(t, func(t *testing.T, b base, sqlDB *sql.DB) {
		table := users(t, b, sqlDB)
		mail := "ada@example.org"
		want := []user{
			{1, "Ada", &mail, []byte{0, 255}, true, 1.5},
			{2, "Bo", nil, nil, false, -2},
		}
		for _, u := range want {
			b.exec(t, sqlDB, "INSERT INTO "+table+" VALUES (?, ?, ?, ?, ?, ?)", u.ID, u.Name, u.Mail, u.Photo, u.Active, u.Balance)
		}
		got, err := db.All[user](t.Context(), sqlDB, "SELECT * FROM "+table+" ORDER BY id")
		require.NoError(t, err)
		require.Equal(t, want, got)

		one, err := db.One[user](t.Context(), sqlDB, b.sql("SELECT * FROM "+table+" WHERE active = ?"), true)
		require.NoError(t, err)
		require.Equal(t, want[0], one)
		_, err = db.One[user](t.Context(), sqlDB, "SELECT * FROM "+table+" WHERE id > 2")
		require.ErrorIs(t, err, store.ErrNotFound)

		_, err = db.All[struct{ ID, Name string }](t.Context(), sqlDB, "SELECT id, mail FROM "+table)
		require.ErrorIs(t, err, db.ErrMapping)
		require.ErrorContains(t, err, `"mail"`)
		_, err = db.All[struct{ Mail string }](t.Context(), sqlDB, "SELECT mail FROM "+table+" ORDER BY id DESC")
		require.EqualError(t, err, `db: scan: rows do not fit the type: column "mail": NULL does not fit string`)

		count, err := db.One[int](t.Context(), sqlDB, "SELECT COUNT(*) FROM "+table)
		require.NoError(t, err)
		require.Equal(t, 2, count)
		var name string
		require.NoError(t, db.QueryRowContext(t.Context(), sqlDB, "SELECT name FROM "+table+" WHERE id = 2").Scan(&name))
		require.Equal(t, "Bo", name)
	})
}

func TestErrorsHoldNoArgument(t *testing.T) {
	onEach(t, func(t *testing.T, b base, sqlDB *sql.DB) {
		table := b.table(t, sqlDB, "name VARCHAR(40) PRIMARY KEY, n BIGINT NOT NULL")
		insert := b.sql("INSERT INTO " + table + " VALUES (?, ?)")
		b.exec(t, sqlDB, insert, secret, 1)
		_, twice := db.ExecContext(t.Context(), sqlDB, insert, secret, 2)
		_, null := db.ExecContext(t.Context(), sqlDB, insert, "other", nil)
		_, syntax := db.QueryContext(t.Context(), sqlDB, "SELEKT '"+secret+"'")
		_, missing := db.QueryContext(t.Context(), sqlDB, b.sql("SELECT * FROM nobody WHERE name = ?"), secret)
		for _, err := range []error{twice, null, syntax, missing} {
			require.ErrorIs(t, err, db.ErrQueryFailed)
			require.NotContains(t, err.Error(), secret)
			t.Log(err)
		}
	})
}

func TestTransactions(t *testing.T) {
	onEach(t, func(t *testing.T, b base, sqlDB *sql.DB) {
		table := b.table(t, sqlDB, "n BIGINT PRIMARY KEY")
		insert := func(tx *sql.Tx, n int) { b.exec(t, tx, "INSERT INTO "+table+" VALUES (?)", n) }
		boom := errors.New("boom")

		require.NoError(t, db.WithTransaction(t.Context(), sqlDB, nil, func(tx *sql.Tx) error {
			insert(tx, 1)
			err := db.WithSavepoint(t.Context(), tx, "inner", func(tx *sql.Tx) error {
				insert(tx, 2)
				_, err := db.ExecContext(t.Context(), tx, b.sql("INSERT INTO "+table+" VALUES (?)"), 1)
				require.Error(t, err) // after which PostgreSQL refuses all but a rollback
				return boom
			})
			require.ErrorIs(t, err, boom)
			return db.WithSavepoint(t.Context(), tx, "inner", func(tx *sql.Tx) error {
				insert(tx, 3)
				return nil
			})
		}))
		require.ErrorIs(t, db.WithTransaction(t.Context(), sqlDB, nil, func(tx *sql.Tx) error {
			insert(tx, 4)
			return boom
		}), boom)
		require.PanicsWithValue(t, "boom", func() {
			_ = db.WithTransaction(t.Context(), sqlDB, nil, func(tx *sql.Tx) error {
				insert(tx, 5)
				panic("boom")
			})
		})
		var exit sync.WaitGroup
		exit.Go(func() {
			_ = db.WithTransaction(t.Context(), sqlDB, nil, func(tx *sql.Tx) error {
				insert(tx, 6)
				runtime.Goexit()
				return nil
			})
		})
		exit.Wait()
		ctx, cancel := context.WithCancelCause(t.Context())
		err := db.WithTransaction(ctx, sqlDB, nil, func(tx *sql.Tx) error {
			insert(tx, 7)
			cancel(boom)
			return nil
		})
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorIs(t, err, boom)
		require.NotErrorIs(t, err, db.ErrCommitUnknown)

		got, err := db.All[int](t.Context(), sqlDB, "SELECT n FROM "+table+" ORDER BY n")
		require.NoError(t, err)
		require.Equal(t, []int{1, 3}, got)
	})
}

// TestAFailureThatIsNotTold of in fn: PostgreSQL rolls back, the others go on.
func TestAFailureThatIsNotTold(t *testing.T) {
	onEach(t, func(t *testing.T, b base, sqlDB *sql.DB) {
		table := b.table(t, sqlDB, "n BIGINT PRIMARY KEY")
		err := db.WithTransaction(t.Context(), sqlDB, nil, func(tx *sql.Tx) error {
			b.exec(t, tx, "INSERT INTO "+table+" VALUES (?)", 1)
			_, err := tx.ExecContext(t.Context(), b.sql("INSERT INTO "+table+" VALUES (?)"), 1)
			require.Error(t, err)
			return nil
		})
		count, countErr := db.One[int](t.Context(), sqlDB, "SELECT COUNT(*) FROM "+table)
		require.NoError(t, countErr)
		if b.env != postgresEnv {
			require.NoError(t, err)
			require.Equal(t, 1, count)
			return
		}
		require.ErrorIs(t, err, db.ErrTransactionFailed)
		require.NotErrorIs(t, err, db.ErrCommitUnknown)
		require.Zero(t, count)
	})
}

func TestAQueryHearsItsDeadline(t *testing.T) {
	onEach(t, func(t *testing.T, b base, sqlDB *sql.DB) {
		slow := map[string]string{
			"sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n) SELECT COUNT(*) FROM n",
			"mysql":  "SELECT SLEEP(60)",
		}[b.driver]
		if slow == "" {
			slow = "SELECT 1 FROM pg_sleep(60)"
		}
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		_, err := db.All[int](ctx, sqlDB, slow)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorIs(t, err, db.ErrQueryFailed)
	})
}

func TestOpenTellsWhatIsWrong(t *testing.T) {
	_, err := db.Open(db.DefaultConfig("sqlite", "file:/no/such/folder/"+secret+".db"))
	require.ErrorIs(t, err, db.ErrConnectionFailed)
	require.NotContains(t, err.Error(), secret)
	_, err = db.Open(db.DefaultConfig("sqlite3", "x"))
	require.ErrorIs(t, err, db.ErrUnknownDriver)
	require.ErrorContains(t, err, `DefaultConfig("sqlite", dsn)`)
}
