package idempotency

import (
	"fmt"
	"time"
	"unicode"
	"unicode/utf8"
)

// Record is all that is known of a key: who works on it, or how it ended.
type Record struct {
	Key string
	// Fingerprint tells one request from another that uses the same key; see
	// the function of that name. At most MaxFingerprint bytes.
	Fingerprint string
	Status      Status
	// Token names the claim that made or ended the record. It comes from the
	// engine: greater than every token that the key had before, also over a
	// restart. Set ignores it.
	Token uint64

	Response []byte // of a completed operation; nil and empty are told apart
	ErrCode  string // of a failed one, at most MaxErrCode bytes
	ErrText  string // of a failed one, at most MaxErrText bytes

	CreatedAt   time.Time // when the key was first claimed
	LeaseUntil  time.Time // in progress: from then on it may be taken over
	CompletedAt time.Time // completed or failed
	ExpiresAt   time.Time // from then on there is no record; to the millisecond

	// Retention is how long the record outlives its lease, or its end.
	Retention time.Duration
	// AtMostOnce says that it must never be taken over.
	AtMostOnce bool
	// TakenOver says that an earlier claim of the key did not come back, so
	// that its effect may have happened.
	TakenOver bool
}

// Status is where an operation stands.
type Status uint8

// The statuses. Their numbers are stored and must not change.
const (
	StatusInProgress Status = 1 // somebody holds it, or held it and vanished
	StatusCompleted  Status = 2 // its response is replayed
	StatusFailed     Status = 3 // for good: its error is replayed
)

// String returns the status in words.
func (s Status) String() string {
	switch s {
	case StatusInProgress:
		return "in progress"
	case StatusCompleted:
		return "completed"
	case StatusFailed:
		return "failed"
	}
	return fmt.Sprintf("Status(%d)", uint8(s))
}

// final reports whether the operation has ended.
func (s Status) final() bool { return s == StatusCompleted || s == StatusFailed }

// What a record may hold, in bytes and time.
const (
	MaxKey         = 255
	MaxFingerprint = 255
	MaxErrCode     = 255
	MaxErrText     = 4096

	// MaxDuration is the longest lease and the longest retention.
	MaxDuration = 100 * 365 * 24 * time.Hour
)

// ValidateKey returns ErrInvalidKey unless key has 1 to MaxKey bytes of valid
// UTF-8 without control characters.
func ValidateKey(key string) error {
	if key == "" || len(key) > MaxKey || !utf8.ValidString(key) {
		return ErrInvalidKey
	}
	for _, r := range key {
		if unicode.IsControl(r) {
			return ErrInvalidKey
		}
	}
	return nil
}

// ValidateRecord returns ErrInvalid if a record has no known status, or holds
// more than the limits above. The key and the size of the response are judged
// by the store.
func ValidateRecord(r Record) error {
	switch {
	case r.Status != StatusInProgress && !r.Status.final():
		return fmt.Errorf("%w: unknown status", ErrInvalid)
	case r.Retention < 0 || r.Retention > MaxDuration:
		return fmt.Errorf("%w: a retention is positive and at most 100 years", ErrInvalid)
	case len(r.ErrCode) > MaxErrCode || len(r.ErrText) > MaxErrText:
		return fmt.Errorf("%w: error code or text is too long", ErrInvalid)
	}
	return validateFingerprint(r.Fingerprint)
}

func validateFingerprint(f string) error {
	if len(f) > MaxFingerprint {
		return fmt.Errorf("%w: a fingerprint has at most 255 bytes", ErrInvalid)
	}
	return nil
}

// validateDuration returns ErrInvalid unless d, a lease or a retention, is
// positive. What has run down to nothing must not mean for ever.
func validateDuration(what string, d time.Duration) error {
	if d <= 0 || d > MaxDuration {
		return fmt.Errorf("%w: a %s is positive and at most 100 years", ErrInvalid, what)
	}
	return nil
}
