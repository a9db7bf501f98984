package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"strings"
)

// All returns every row as a T; none is an empty result and no error.
//
// If T is a struct, each column goes to the exported field whose db tag is
// the column's name, or whose own name is, without regard to case and
// underscores: created_at finds CreatedAt. Fields of embedded structs count
// as the struct's own; `db:"-"` leaves a field out. A column without a field,
// and two for one, are ErrMapping: a misspelt name should not pass for zero.
// Fields without a column stay zero.
//
// Any other T, and sql.Scanner and time.Time, takes one column. NULL needs a
// pointer or a sql.Null. What database/sql can scan into, fields can be of;
// not sql.RawBytes, which is the driver's memory.
func All[T any](ctx context.Context, q Querier, query string, args ...any) ([]T, error) {
	all := []T{}
	for v, err := range Rows[T](ctx, q, query, args...) {
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, nil
}

// One returns the only row as a T, see All. Without a row it is ErrNoRows,
// which is sql.ErrNoRows and store.ErrNotFound too, and with several
// ErrMultipleRows.
func One[T any](ctx context.Context, q Querier, query string, args ...any) (T, error) {
	var none, one T
	err := error(ErrNoRows)
	for v, failure := range Rows[T](ctx, q, query, args...) {
		switch {
		case failure != nil:
			return none, failure
		case err == nil:
			return none, ErrMultipleRows
		}
		one, err = v, nil
	}
	return one, err
}

// Rows yields the rows one after the other, each as a T, see All. An error is
// the last thing yielded. Until the loop ends, it holds a connection: using
// the same *sql.DB within takes another, and the same *sql.Tx or *sql.Conn is
// busy.
func Rows[T any](ctx context.Context, q Querier, query string, args ...any) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		rows, err := QueryContext(ctx, q, query, args...)
		if err != nil {
			yield(none, err)
			return
		}
		defer rows.Close()
		if err := each(ctx, rows, func(v T) bool { return yield(v, nil) }); err != nil {
			yield(none, err)
		}
	}
}

// each calls take with every row, until that returns false.
//
// One T takes every row in turn, and its fields are looked up once. What
// belongs to a row is its own: the T is copied out, and empty before the next.
func each[T any](ctx context.Context, rows *sql.Rows, take func(T) bool) error {
	row := new(T)
	dest, err := targets(rows, row)
	if err != nil {
		return failed(ctx, "map", ErrMapping, err)
	}
	var empty T
	for {
		err := next(ctx, rows)
		if errors.Is(err, ErrNoRows) {
			return failed(ctx, "query", ErrQueryFailed, rows.Close())
		}
		if err != nil {
			return err
		}
		*row = empty
		into := dest.fresh()
		if err := rows.Scan(into...); err != nil {
			return misfit(ctx, rows, into, err)
		}
		if !take(*row) {
			return nil
		}
	}
}

// misfit returns an ErrMapping that names the column which did not fit, by
// scanning each alone: the error of database/sql quotes the value.
func misfit(ctx context.Context, rows *sql.Rows, dest []any, cause error) error {
	columns, err := rows.Columns()
	if err != nil || ctx.Err() != nil { // closed meanwhile
		return failed(ctx, "scan", ErrQueryFailed, errors.Join(cause, err))
	}
	if len(columns) != len(dest) {
		return failed(ctx, "scan", ErrMapping, because("%d columns for %d places", len(columns), len(dest)))
	}
	alone := make([]any, len(dest))
	for i := range dest {
		var value any
		for j := range alone {
			alone[j] = new(any)
		}
		alone[i] = &value
		if rows.Scan(alone...) != nil {
			break
		}
		alone[i] = dest[i]
		if rows.Scan(alone...) == nil {
			continue
		}
		what := "a value"
		if value == nil {
			what = "NULL"
		}
		reason := because("column %q: %s does not fit %s", columns[i], what, strings.TrimPrefix(fmt.Sprintf("%T", dest[i]), "*"))
		return failed(ctx, "scan", ErrMapping, errors.Join(reason, cause))
	}
	return failed(ctx, "scan", ErrQueryFailed, cause)
}
