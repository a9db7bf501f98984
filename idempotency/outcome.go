package idempotency

import (
	"errors"
	"strings"
	"time"
)

// Final has Do store an error: the operation has failed for good, and whoever
// comes again is told the same, as a *StoredError with this code and err's
// text. (A card was declined; the account is closed.) A nil err stays nil.
func Final(code string, err error) error {
	if err == nil {
		return nil
	}
	return &finalError{code, err}
}

type finalError struct {
	code string
	err  error
}

func (e *finalError) Error() string { return e.err.Error() }
func (e *finalError) Unwrap() error { return e.err }

// Unknown has Do keep the claim: whether the operation was done is not known,
// so it must not be tried again at once. (A payment service did not answer.)
// It matches ErrOutcomeUnknown. When the lease is over the key may be taken
// over, or stays as it is under AtMostOnce. A nil err stays nil.
func Unknown(err error) error {
	if err == nil {
		return nil
	}
	return &unknownError{err}
}

type unknownError struct{ err error }

func (e *unknownError) Error() string        { return e.err.Error() }
func (e *unknownError) Unwrap() error        { return e.err }
func (e *unknownError) Is(target error) bool { return target == ErrOutcomeUnknown }

// StoredError is a failure for good. Its first receiver finds the error that
// the function has returned by errors.Is and errors.As; later ones have its
// code and its text, up to MaxErrText bytes.
type StoredError struct {
	Code, Text string
	cause      error
}

// Error returns the text.
func (e *StoredError) Error() string { return e.Text }

// Is reports whether the error that the function has returned, if it has just
// done so, is target.
func (e *StoredError) Is(target error) bool { return errors.Is(e.cause, target) }

// As finds target in the error that the function has returned, if it has just
// done so. That it was Final it keeps to itself: what has failed for good
// within another operation need not be the end of that.
func (e *StoredError) As(target any) bool {
	if _, ok := target.(**finalError); ok {
		return false
	}
	return errors.As(e.cause, target)
}

// InProgressError says that somebody holds the key. It matches ErrInProgress.
type InProgressError struct {
	// RetryAfter is how long the lease lasts, unless it is extended.
	RetryAfter time.Duration
}

// Error is that of ErrInProgress.
func (e *InProgressError) Error() string { return ErrInProgress.Error() }

// Unwrap returns ErrInProgress.
func (e *InProgressError) Unwrap() error { return ErrInProgress }

// CodeTooLarge is the code that is stored instead of a response that the store
// does not take, so that at least the operation is not done again.
const CodeTooLarge = "response_too_large"

func tooLarge() Outcome {
	return Outcome{Status: StatusFailed, ErrCode: CodeTooLarge, ErrText: "the operation was done, but its response was too large to keep"}
}

// outcomeOf returns what to store when a function has returned, and what to
// tell its caller; no outcome if nothing is final.
func outcomeOf(response []byte, err error) (o Outcome, told error) {
	var final *finalError
	switch {
	case err == nil:
		return Outcome{Status: StatusCompleted, Response: response}, nil
	case isUnknown(err) || !errors.As(err, &final):
		return Outcome{}, err
	}
	o = Outcome{
		Status:  StatusFailed,
		ErrCode: cut(final.code, MaxErrCode),
		ErrText: cut(err.Error(), MaxErrText),
	}
	return o, &StoredError{o.ErrCode, o.ErrText, err}
}

func isUnknown(err error) bool {
	var unknown *unknownError
	return errors.As(err, &unknown)
}

// cut returns at most the first n bytes of s, without half a character.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "")
}
