package db

import (
	"context"
	"database/sql"
	"errors"
	"strings"
)

// Beginner is what can begin a transaction: *sql.DB, *sql.Conn.
type Beginner interface {
	BeginTx(ctx context.Context, opts *sql.TxOptions) (*sql.Tx, error)
}

// WithTransaction calls fn in a transaction, and commits it if fn returns nil.
// If fn returns an error, panics, or ends its goroutine by runtime.Goexit (as
// testing.T.FailNow does), it is rolled back. opts may be nil.
//
// An error of fn is returned as it is, joined with that of a rollback that
// failed. Others are ErrTransactionFailed; a commit whose outcome is not
// known is also ErrCommitUnknown. If the context was done, the error matches
// the context's too.
//
// fn must use tx alone, and not end it. For a transaction within, see
// WithSavepoint; to try again what the database has refused, RetryTransaction.
func WithTransaction(ctx context.Context, b Beginner, opts *sql.TxOptions, fn func(tx *sql.Tx) error) error {
	tx, err := b.BeginTx(ctx, opts)
	if err != nil {
		return failed(ctx, "begin", ErrTransactionFailed, err)
	}
	returned := false
	defer func() {
		if !returned { // fn panics or exits, and goes on doing so
			_ = tx.Rollback()
		}
	}()
	err = fn(tx)
	returned = true
	if err == nil && ctx.Err() != nil {
		err = failed(ctx, "commit", ErrTransactionFailed, ctx.Err()) // before asking, which leaves no doubt
	}
	if err != nil {
		if more := errors.Join(unheard(ctx, err), rollback(ctx, tx)); more != nil {
			return errors.Join(err, more)
		}
		return err
	}
	return commit(ctx, tx)
}

// unheard returns the context's error if err does not tell of it: a driver
// may say only that the transaction is over.
func unheard(ctx context.Context, err error) error {
	if ctx.Err() == nil || errors.Is(err, ctx.Err()) && errors.Is(err, context.Cause(ctx)) {
		return nil
	}
	return ended(ctx)
}

// rollback ends a transaction, if it has not ended by itself.
func rollback(ctx context.Context, tx *sql.Tx) error {
	err := tx.Rollback()
	if errors.Is(err, sql.ErrTxDone) || ctx.Err() != nil {
		return nil
	}
	return failed(ctx, "rollback", ErrTransactionFailed, err)
}

func commit(ctx context.Context, tx *sql.Tx) error {
	err := tx.Commit()
	if err == nil {
		return nil
	}
	kind := ErrTransactionFailed
	if !errors.Is(err, sql.ErrTxDone) && !refused(err) {
		kind = ErrCommitUnknown
	}
	return failed(ctx, "commit", kind, err)
}

// refused reports whether it was the database that has said no to a commit.
// Anything else may have been said by the network after the database's yes.
func refused(err error) bool {
	if rolledBack(err) {
		return true
	}
	state := SQLState(err)
	switch {
	case state == "", state == "40003": // the completion of the statement is unknown
		return false
	case strings.HasPrefix(state, "08"), strings.HasPrefix(state, "57"), strings.HasPrefix(state, "58"):
		return false // the connection, an administrator, or the system broke in
	default:
		return state != "HY000" // MySQL's word for all that has no other
	}
}

// rolledBack reports whether PostgreSQL has answered a commit with a rollback,
// as it does after a statement has failed and fn has not told. It is no error
// of the server's, and the drivers have only words for it: pgx and lib/pq.
func rolledBack(err error) bool {
	text := err.Error()
	return strings.HasSuffix(text, "commit unexpectedly resulted in rollback") ||
		strings.Contains(text, "operation in a failed transaction")
}
