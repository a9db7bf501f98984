package dbtest

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store/db"
)

// The package's first steps, on SQLite. With "postgres" or "pgx" and its data
// source name it is the same program.
func Example() {
	ctx := context.Background()
	sqlDB, err := db.Open(db.DefaultConfig("sqlite", "file::memory:?cache=shared"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer sqlDB.Close()
	if err := firstSteps(ctx, sqlDB, os.Stdout); err != nil {
		fmt.Println(err)
	}
	// Output:
	// 1 Alice
	// 1 changed
	// [Bob] []
}

// TestTheExampleOnPostgreSQL runs the same steps there, in a schema of their
// own.
func TestTheExampleOnPostgreSQL(t *testing.T) {
	for _, b := range bases() {
		if b.env != postgresEnv {
			continue
		}
		t.Run(b.name, func(t *testing.T) {
			admin := b.open(t)
			b.exec(t, admin, "DROP SCHEMA IF EXISTS example CASCADE")
			b.exec(t, admin, "CREATE SCHEMA example")
			sqlDB, err := db.Open(db.DefaultConfig(b.driver, b.dsn(t)+"&search_path=example"))
			require.NoError(t, err)
			defer sqlDB.Close()
			var out strings.Builder
			require.NoError(t, firstSteps(t.Context(), sqlDB, &out))
			require.Equal(t, "1 Alice\n1 changed\n[Bob] []\n", out.String())
			b.exec(t, admin, "DROP SCHEMA example CASCADE")
		})
	}
}

func firstSteps(ctx context.Context, sqlDB *sql.DB, out io.Writer) error {
	if _, err := db.ExecContext(ctx, sqlDB, "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, active BOOLEAN)"); err != nil {
		return err
	}
	if _, err := db.ExecContext(ctx, sqlDB, "INSERT INTO users VALUES ($1, $2, $3)", 1, "Alice", true); err != nil {
		return err
	}
	rows, err := db.QueryContext(ctx, sqlDB, "SELECT id, name FROM users WHERE active = $1", true)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id int
		var name string
		if err := rows.Scan(&id, &name); err != nil {
			return err
		}
		fmt.Fprintln(out, id, name)
	}
	if err := rows.Close(); err != nil {
		return err
	}

	result, err := db.ExecContext(ctx, sqlDB, "UPDATE users SET name = $1 WHERE id = $2", "Bob", 1)
	if err != nil {
		return err
	}
	n, err := result.RowsAffected()
	if err != nil {
		return err
	}
	fmt.Fprintln(out, n, "changed")

	err = db.WithTransaction(ctx, sqlDB, nil, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "CREATE TABLE orders (id INTEGER PRIMARY KEY)"); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "INSERT INTO orders VALUES ($1)", 7)
		return err
	})
	if err != nil {
		return err
	}

	type user struct{ Name string }
	users, err := db.All[user](ctx, sqlDB, "SELECT name FROM users")
	if err != nil {
		return err
	}
	orders, err := db.All[int](ctx, sqlDB, "SELECT id FROM orders WHERE id < $1", 7)
	if err != nil {
		return err
	}
	for _, u := range users {
		fmt.Fprintln(out, []string{u.Name}, orders)
	}
	return nil
}
