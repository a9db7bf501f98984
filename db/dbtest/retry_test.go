package dbtest

import (
	"database/sql"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store/db"
)

// TestADeadlockIsTriedAgain: two transactions lock two rows, each the other's
// second first. The database undoes one, which comes again.
func TestADeadlockIsTriedAgain(t *testing.T) {
	onEach(t, func(t *testing.T, b base, sqlDB *sql.DB) {
		if b.env == "" {
			t.Skip("SQLite locks the whole database")
		}
		table := b.table(t, sqlDB, "id BIGINT PRIMARY KEY, n BIGINT NOT NULL")
		b.exec(t, sqlDB, "INSERT INTO "+table+" VALUES (1, 0), (2, 0)")
		add := b.sql("UPDATE " + table + " SET n = n + 1 WHERE id = ?")
		var both, all sync.WaitGroup
		both.Add(2)
		attempts := [2]int{}
		for i, ids := range [][2]int{{1, 2}, {2, 1}} {
			all.Go(func() {
				err := db.RetryTransaction(t.Context(), sqlDB, nil, db.RetryPolicy{MaxAttempts: 10}, func(tx *sql.Tx) error {
					if _, err := db.ExecContext(t.Context(), tx, add, ids[0]); err != nil {
						return err
					}
					if attempts[i]++; attempts[i] == 1 {
						both.Done()
						both.Wait()
					}
					_, err := db.ExecContext(t.Context(), tx, add, ids[1])
					return err
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		require.Greater(t, attempts[0]+attempts[1], 2, "there was no deadlock")
		n, err := db.All[int](t.Context(), sqlDB, "SELECT n FROM "+table)
		require.NoError(t, err)
		require.Equal(t, []int{2, 2}, n)
	})
}
