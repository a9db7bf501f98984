package db

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store"
)

func insert(tx *sql.Tx) error {
	_, err := tx.Exec("INSERT")
	return err
}

func TestATransactionCommitsWhatSucceeds(t *testing.T) {
	f := &fake{}
	require.NoError(t, WithTransaction(t.Context(), opened(t, f), nil, insert))
	require.Equal(t, []string{"BEGIN", "INSERT", "COMMIT"}, f.said())
}

func TestATransactionIsRolledBack(t *testing.T) {
	boom := errors.New("boom")
	for name, fn := range map[string]func(tx *sql.Tx) error{
		"by an error": func(*sql.Tx) error { return boom },
		"by a panic":  func(*sql.Tx) error { panic(boom) },
		"by an exit":  func(*sql.Tx) error { runtime.Goexit(); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			f := &fake{}
			sqlDB := opened(t, f)
			var err error
			var panicked any
			done := make(chan struct{})
			go func() {
				defer close(done)
				defer func() { panicked = recover() }()
				err = WithTransaction(t.Context(), sqlDB, nil, fn)
			}()
			<-done
			require.Equal(t, []string{"BEGIN", "ROLLBACK"}, f.said())
			if name == "by a panic" {
				require.Equal(t, boom, panicked)
			}
			if name == "by an error" {
				require.Equal(t, boom, err, "fn's error is returned as it is")
			}
		})
	}
}

func TestTheContextsCauseIsInTheError(t *testing.T) {
	why := errors.New("the user went away")
	for name, fn := range map[string]func(*sql.Tx) error{
		"fn returns nil":                func(*sql.Tx) error { return nil },
		"fn returns the driver's error": insert,
		"fn returns another error":      func(*sql.Tx) error { return io.EOF },
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			err := WithTransaction(ctx, opened(t, &fake{}), nil, func(tx *sql.Tx) error {
				cancel(why)
				return fn(tx)
			})
			require.ErrorIs(t, err, context.Canceled)
			require.ErrorIs(t, err, why)
			require.NotErrorIs(t, err, ErrCommitUnknown)
		})
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(why)
	_, err := ExecContext(ctx, opened(t, &fake{}), "INSERT")
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, err, why)
}

func TestACommitThatFailed(t *testing.T) {
	for _, c := range []struct {
		name    string
		err     error
		unknown bool
	}{
		{"refused for another transaction", stated("40001"), false},
		{"refused by a constraint", stated("23505"), false},
		{"the answer was lost", io.ErrUnexpectedEOF, true},
		{"the server was shut down", stated("57P01"), true},
		{"the connection failed", stated("08006"), true},
		{"the server does not know either", stated("40003"), true},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := &fake{fail: map[string]error{"COMMIT": c.err}}
			err := WithTransaction(t.Context(), opened(t, f), nil, insert)
			require.ErrorIs(t, err, ErrTransactionFailed)
			require.ErrorIs(t, err, c.err)
			require.Equal(t, c.unknown, errors.Is(err, ErrCommitUnknown))
			require.NotContains(t, err.Error(), secret)
		})
	}
	t.Run("fn has ended it", func(t *testing.T) {
		err := WithTransaction(t.Context(), opened(t, &fake{}), nil, func(tx *sql.Tx) error { return tx.Rollback() })
		require.ErrorIs(t, err, sql.ErrTxDone)
		require.NotErrorIs(t, err, ErrCommitUnknown)
	})
	t.Run("the context ends while the server is at it", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		f := &fake{hook: map[string]func(){"COMMIT": cancel}, fail: map[string]error{"COMMIT": context.Canceled}}
		err := WithTransaction(ctx, opened(t, f), nil, insert)
		require.ErrorIs(t, err, ErrCommitUnknown)
		require.ErrorIs(t, err, context.Canceled)
	})
}

func TestARollbackThatFailedIsTold(t *testing.T) {
	f := &fake{fail: map[string]error{"ROLLBACK": io.ErrUnexpectedEOF}}
	err := WithTransaction(t.Context(), opened(t, f), nil, func(*sql.Tx) error { return store.ErrConflict })
	require.ErrorIs(t, err, store.ErrConflict)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
}

func TestBeginThatFailed(t *testing.T) {
	f := &fake{fail: map[string]error{"BEGIN": stated("53300")}}
	err := WithTransaction(t.Context(), opened(t, f), nil, insert)
	require.EqualError(t, err, "db: begin: transaction failed: SQLSTATE 53300")
	require.ErrorIs(t, err, ErrTransactionFailed)
}

func TestASavepointUndoesAlone(t *testing.T) {
	f := &fake{}
	require.NoError(t, WithTransaction(t.Context(), opened(t, f), nil, func(tx *sql.Tx) error {
		require.NoError(t, WithSavepoint(t.Context(), tx, "good", insert))
		err := WithSavepoint(t.Context(), tx, "bad", func(*sql.Tx) error { return io.EOF })
		require.ErrorIs(t, err, io.EOF)
		func() {
			defer func() { require.Equal(t, "boom", recover()) }()
			_ = WithSavepoint(t.Context(), tx, "worse", func(*sql.Tx) error { panic("boom") })
		}()
		return nil
	}))
	require.Equal(t, []string{
		"BEGIN",
		"SAVEPOINT sp_good", "INSERT", "RELEASE SAVEPOINT sp_good",
		"SAVEPOINT sp_bad", "ROLLBACK TO SAVEPOINT sp_bad", "RELEASE SAVEPOINT sp_bad",
		"SAVEPOINT sp_worse", "ROLLBACK TO SAVEPOINT sp_worse", "RELEASE SAVEPOINT sp_worse",
		"COMMIT",
	}, f.said())
}

func TestASavepointsNameIsAnIdentifier(t *testing.T) {
	f := &fake{}
	require.NoError(t, WithTransaction(t.Context(), opened(t, f), nil, func(tx *sql.Tx) error {
		for _, name := range []string{"", "1a", "a b", "a;DROP TABLE users", "é", strings.Repeat("a", 100)} {
			require.ErrorIs(t, WithSavepoint(t.Context(), tx, name, insert), store.ErrInvalid)
		}
		return nil
	}))
	require.Equal(t, []string{"BEGIN", "COMMIT"}, f.said())
}

// retried runs a transaction that fails in its commit with the errors, one
// after the other, and returns how often it was tried.
func retried(t *testing.T, ctx context.Context, p RetryPolicy, errs ...error) (attempts int, err error) {
	f := &fake{fail: map[string]error{}}
	sqlDB := sql.OpenDB(f)
	defer sqlDB.Close()
	err = RetryTransaction(ctx, sqlDB, nil, p, func(*sql.Tx) error {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.fail, "COMMIT")
		if attempts < len(errs) {
			f.fail["COMMIT"] = errs[attempts]
		}
		attempts++
		return nil
	})
	return attempts, err
}

func TestRetry(t *testing.T) {
	busy, deadlock := stated("40001"), stated("40P01")
	for _, c := range []struct {
		name     string
		policy   RetryPolicy
		errs     []error
		attempts int
		want     error
	}{
		{"is off by default", RetryPolicy{}, []error{busy}, 1, busy},
		{"ends in success", RetryPolicy{MaxAttempts: 5}, []error{busy, deadlock}, 3, nil},
		{"ends", RetryPolicy{MaxAttempts: 3}, []error{busy, busy, busy, busy}, 3, busy},
		{"is not for other errors", RetryPolicy{MaxAttempts: 5}, []error{stated("23505")}, 1, stated("23505")},
		{"is never for doubt", RetryPolicy{MaxAttempts: 5, Retryable: func(error) bool { return true }}, []error{io.EOF}, 1, ErrCommitUnknown},
		{"asks the caller", RetryPolicy{MaxAttempts: 5, Retryable: func(err error) bool { return SQLState(err) == "55P03" }},
			[]error{stated("55P03"), busy}, 2, busy},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				attempts, err := retried(t, t.Context(), c.policy, c.errs...)
				require.Equal(t, c.attempts, attempts)
				if c.want == nil {
					require.NoError(t, err)
				} else {
					require.ErrorIs(t, err, c.want)
				}
			})
		})
	}
}

func TestRetryWaitsNoLongerThanTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		p := RetryPolicy{MaxAttempts: 5, Backoff: func(attempt int) time.Duration {
			return time.Duration(attempt-1) * 40 * time.Second
		}}
		attempts, err := retried(t, ctx, p, stated("40001"), stated("40001"), stated("40001"))
		require.Equal(t, 2, attempts)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorIs(t, err, stated("40001"))
	})
}
