package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"reflect"
	"strings"

	"github.com/spcent/plumego/store"
)

// What opening brings.
var (
	// ErrInvalidConfig says that a field of Config is outside its range.
	ErrInvalidConfig error = sentinel{"db: invalid config", store.ErrInvalid}
	// ErrUnknownDriver says that no driver of that name has been imported.
	ErrUnknownDriver error = sentinel{"db: unknown driver", store.ErrInvalid}
	// ErrConnectionFailed says that the database could not be reached.
	ErrConnectionFailed = errors.New("db: cannot connect")
)

// What asking brings.
var (
	// ErrQueryFailed says that a query or another statement failed.
	ErrQueryFailed = errors.New("db: statement failed")
	// ErrNoRows says that One has found nothing. It is sql.ErrNoRows too.
	ErrNoRows error = sentinel{"db: no rows", store.ErrNotFound}
	// ErrMultipleRows says that One has found more than one row.
	ErrMultipleRows = errors.New("db: more than one row")
	// ErrMapping says that rows do not fit the type they were asked for as.
	// The text names the column and the field.
	ErrMapping = errors.New("db: rows do not fit the type")
)

// What transactions bring.
var (
	// ErrTransactionFailed says that a transaction could not begin or end as
	// it should. Nothing has been changed, unless it is an ErrCommitUnknown.
	ErrTransactionFailed = errors.New("db: transaction failed")
	// ErrCommitUnknown says that it is not known whether the transaction was
	// committed: the connection was lost, or the call given up, while the
	// database was at it. Look at the data before doing it again.
	ErrCommitUnknown error = sentinel{"db: not known whether committed", ErrTransactionFailed}
)

// sentinel is an error that is also of another, wider kind.
type sentinel struct {
	text string
	kind error
}

func (s sentinel) Error() string { return s.text }

func (s sentinel) Is(target error) bool {
	return target == s.kind || s == ErrNoRows && target == sql.ErrNoRows
}

// Error is what failed, and why as far as it can be told without a word of
// the caller's data. It matches its Kind, what the driver said, and, if the
// context was done, the context's error and its cause.
type Error struct {
	Op    string // what was done: "query", "commit"
	Kind  error  // one of this package's sentinels
	cause error
	ended error // the context's error and its cause, or nil
}

// failed makes an Error of a cause, or nil of none.
func failed(ctx context.Context, op string, kind, cause error) error {
	if cause == nil {
		return nil
	}
	return &Error{Op: op, Kind: kind, cause: cause, ended: ended(ctx)}
}

// ended returns the context's error, with its cause if that is another.
func ended(ctx context.Context) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	if err == nil || errors.Is(cause, err) {
		return cause
	}
	return fmt.Errorf("%w: %w", err, cause)
}

// Error returns "db: ", the deed, and what is known.
func (e *Error) Error() string {
	text := "db: " + e.Op + ": " + strings.TrimPrefix(e.Kind.Error(), "db: ")
	if e.ended != nil {
		return text + ": " + e.ended.Error()
	}
	return text + ": " + describe(e.cause)
}

// GoString is Error, for %#v.
func (e *Error) GoString() string { return e.Error() }

// Cause returns what the driver, or database/sql, has returned. Its text may
// quote arguments, rows and the data source name.
func (e *Error) Cause() error { return e.cause }

// Is reports whether target is anywhere in what is known of the failure.
func (e *Error) Is(target error) bool {
	return errors.Is(e.Kind, target) || errors.Is(e.cause, target) || e.ended != nil && errors.Is(e.ended, target)
}

// As finds target in what the driver has returned, and in the context's cause.
func (e *Error) As(target any) bool {
	return errors.As(e.cause, target) || e.ended != nil && errors.As(e.ended, target)
}

// describe tells of an error what cannot hold data: its code, or its type.
func describe(err error) string {
	var own *detail
	if errors.As(err, &own) {
		return own.text
	}
	for _, known := range []error{
		context.Canceled, context.DeadlineExceeded, sql.ErrNoRows, sql.ErrTxDone, sql.ErrConnDone,
		driver.ErrBadConn, io.ErrUnexpectedEOF, io.EOF, net.ErrClosed,
	} {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	if state := SQLState(err); state != "" {
		return "SQLSTATE " + state
	}
	var coded interface{ Code() int } // of modernc.org/sqlite
	if errors.As(err, &coded) {
		return fmt.Sprintf("%T %d", coded, coded.Code())
	}
	innermost := err
	for next := err; next != nil; next = errors.Unwrap(next) {
		innermost = next
	}
	var network *net.OpError
	if errors.As(err, &network) {
		return "network: " + network.Op + " " + network.Net + ": " + numbered(innermost)
	}
	return numbered(innermost)
}

// numbered returns the text of an error that is a number of the system, which
// is one of a fixed list, and of others the type.
func numbered(err error) string {
	if k := reflect.TypeOf(err).Kind(); k == reflect.Uintptr {
		return err.Error()
	}
	return fmt.Sprintf("%T", err)
}

// detail is a cause with a text of this package's own.
type detail struct{ text string }

func (d *detail) Error() string { return d.text }

func because(format string, args ...any) error {
	return &detail{fmt.Sprintf(format, args...)}
}
