package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/spcent/plumego/store"
)

// WithSavepoint calls fn within a transaction in such a way that what fn has
// done can be undone alone: if it returns an error, panics or exits, the
// transaction is as it was before and may go on. PostgreSQL, MySQL, MariaDB
// and SQLite know it.
//
// name is letters, digits and underscores; the database knows it as sp_name,
// which is no word of SQL. Savepoints within each other should have different
// names.
func WithSavepoint(ctx context.Context, tx *sql.Tx, name string, fn func(tx *sql.Tx) error) error {
	if !isIdentifier(name) {
		return fmt.Errorf("%w: the name of a savepoint is letters, digits and underscores", store.ErrInvalid)
	}
	name = "sp_" + name
	if err := mark(ctx, tx, "SAVEPOINT "+name); err != nil {
		return err
	}
	returned := false
	defer func() {
		if !returned { // fn panics or exits, and goes on doing so
			_ = undo(ctx, tx, name)
		}
	}()
	err := fn(tx)
	returned = true
	if err != nil {
		return errors.Join(err, undo(ctx, tx, name))
	}
	return mark(ctx, tx, "RELEASE SAVEPOINT "+name)
}

// undo goes back to the savepoint and lets go of it. The transaction's own
// context ends it, not that of the call.
func undo(ctx context.Context, tx *sql.Tx, name string) error {
	ctx = context.WithoutCancel(ctx)
	if err := mark(ctx, tx, "ROLLBACK TO SAVEPOINT "+name); err != nil {
		if errors.Is(err, sql.ErrTxDone) {
			return nil // all of it is undone
		}
		return err
	}
	return mark(ctx, tx, "RELEASE SAVEPOINT "+name)
}

func mark(ctx context.Context, tx *sql.Tx, statement string) error {
	_, err := tx.ExecContext(ctx, statement)
	return failed(ctx, "savepoint", ErrTransactionFailed, err)
}

// isIdentifier reports whether a name may stand in a statement unquoted.
func isIdentifier(name string) bool {
	const longest = 48 // of PostgreSQL's 63 bytes, which leaves room for a suffix
	if name == "" || len(name) > longest || name[0] >= '0' && name[0] <= '9' {
		return false
	}
	for _, c := range []byte(name) {
		if !isWord(c) {
			return false
		}
	}
	return true
}
