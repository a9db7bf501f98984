package db

import (
	"context"
	"database/sql"
	"errors"
	"math/rand/v2"
	"time"
)

// RetryPolicy says when a transaction is worth another attempt. The zero
// value: never.
type RetryPolicy struct {
	// MaxAttempts bounds the attempts, the first included. 0 and 1 are one.
	MaxAttempts int
	// Backoff is how long to wait before attempt n, from 2 on. Nil is a
	// random time below 2^n ms, and below 250 ms.
	Backoff func(attempt int) time.Duration
	// Retryable judges an error of fn or of the commit. Nil is Retryable.
	Retryable func(error) bool
}

// Retryable reports whether a database has undone a transaction only because
// another was in its way: the SQLSTATE is 40001 or 40P01. SQLite has no
// states; who uses it says by a function of his own what is busy.
func Retryable(err error) bool {
	state := SQLState(err)
	return state == "40001" || state == "40P01"
}

// RetryTransaction is WithTransaction, again if the policy says so. fn may be
// called many times, each in a new transaction, so it must do nothing outside
// of it that may not be done twice.
//
// A commit whose outcome is not known is never tried again, nor is anything
// once the context is done. The error is the last attempt's.
func RetryTransaction(ctx context.Context, b Beginner, opts *sql.TxOptions, p RetryPolicy, fn func(tx *sql.Tx) error) error {
	return p.retry(ctx, func() error { return WithTransaction(ctx, b, opts, fn) })
}

// retry calls try until it succeeds, or another attempt is not worth it.
func (p RetryPolicy) retry(ctx context.Context, try func() error) error {
	retryable, backoff := p.Retryable, p.Backoff
	if retryable == nil {
		retryable = Retryable
	}
	if backoff == nil {
		backoff = jitter
	}
	for attempt := 1; ; attempt++ {
		err := try()
		if err == nil || attempt >= p.MaxAttempts || errors.Is(err, ErrCommitUnknown) || ctx.Err() != nil || !retryable(err) {
			return err
		}
		if pause(ctx, backoff(attempt+1)) != nil {
			return errors.Join(err, ended(ctx))
		}
	}
}

// jitter is a random time, so that those who were in each other's way are not
// so again.
func jitter(attempt int) time.Duration {
	const longest = 250 * time.Millisecond
	return rand.N(min(longest, time.Millisecond<<min(attempt, 10)))
}

// pause waits, or returns the context's error.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
