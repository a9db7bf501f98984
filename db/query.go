package db

import (
	"context"
	"database/sql"
)

// Querier is what can be asked: *sql.DB, *sql.Conn, *sql.Tx.
type Querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// Execer is what can be told: *sql.DB, *sql.Conn, *sql.Tx.
type Execer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// QueryContext asks for rows, which the caller closes. The error is an
// ErrQueryFailed.
func QueryContext(ctx context.Context, q Querier, query string, args ...any) (*sql.Rows, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, failed(ctx, "query", ErrQueryFailed, err)
	}
	return rows, nil
}

// ExecContext makes a statement that returns no rows. The error is an
// ErrQueryFailed.
func ExecContext(ctx context.Context, e Execer, query string, args ...any) (sql.Result, error) {
	result, err := e.ExecContext(ctx, query, args...)
	if err != nil {
		return nil, failed(ctx, "exec", ErrQueryFailed, err)
	}
	return result, nil
}

// QueryRowContext asks for the first of the rows. What it finds, and whether
// it failed, is told by Scan, which must be called: until then a connection is
// taken.
func QueryRowContext(ctx context.Context, q Querier, query string, args ...any) *Row {
	rows, err := QueryContext(ctx, q, query, args...)
	return &Row{ctx: ctx, rows: rows, err: err}
}

// Row is the first of a query's rows, as sql.Row, with this package's errors.
type Row struct {
	ctx  context.Context
	rows *sql.Rows
	err  error
}

// Err returns the error of the query, if it failed, without scanning.
func (r *Row) Err() error { return r.err }

// Scan copies the columns of the row, as sql.Rows does, and lets go of the
// connection. Without a row it is ErrNoRows.
func (r *Row) Scan(dest ...any) error {
	if r.err != nil {
		return r.err
	}
	defer r.rows.Close()
	if err := next(r.ctx, r.rows); err != nil {
		return err
	}
	if err := r.rows.Scan(dest...); err != nil {
		return misfit(r.ctx, r.rows, dest, err)
	}
	return failed(r.ctx, "query", ErrQueryFailed, r.rows.Close())
}

// next moves to the next row, or returns ErrNoRows, or why there is none.
func next(ctx context.Context, rows *sql.Rows) error {
	if rows.Next() {
		return nil
	}
	if err := rows.Err(); err != nil {
		return failed(ctx, "query", ErrQueryFailed, err)
	}
	return ErrNoRows
}
