package idempotency

import (
	"context"
	"time"
)

// Store keeps records. With it alone a caller can replay what has ended, but
// cannot keep two callers from working at once: that takes a Claimer.
type Store interface {
	// Get returns the record under key, or ErrNotFound. The caller owns it.
	Get(ctx context.Context, key string) (Record, error)
	// Set puts a record under key, whatever is there. It is for those who
	// know the outcome; whoever holds the key loses it.
	Set(ctx context.Context, key string, r Record) error
}

// Claimer is a Store in which a key can be held: by one claim at a time, until
// its lease is over. Every step is judged and made at once, also between
// processes, and a token that is not the key's any more is ErrLeaseLost.
type Claimer interface {
	Store
	// Claim takes the key, if nobody has it and the operation has not ended;
	// the State of the answer says whether it did. A record with another
	// fingerprint is ErrMismatch, whatever its state.
	Claim(ctx context.Context, key, fingerprint string, t Terms) (Claim, error)
	// Complete stores the outcome and keeps it for retention from now on. It
	// is done as long as nobody else has claimed the key, even if the lease is
	// over. Completing again in the same way is no error.
	Complete(ctx context.Context, key string, token uint64, o Outcome, retention time.Duration) error
	// Release gives the key back: the operation was not done and may be tried
	// again at once. A claim that was taken over leaves behind that it was.
	Release(ctx context.Context, key string, token uint64) error
	// Extend has the lease end no sooner than a lease from now.
	Extend(ctx context.Context, key string, token uint64, lease time.Duration) error
}

// Terms are those of a claim. Lease and Retention are two clocks, both
// positive and at most MaxDuration.
type Terms struct {
	// Lease is how long the claim holds without being extended.
	Lease time.Duration
	// Retention is how long an abandoned claim stays known after its lease.
	Retention time.Duration
	// AtMostOnce says that neither may this claim take another one over, nor
	// ever be taken over itself.
	AtMostOnce bool
}

// Claim is the answer to one.
type Claim struct {
	State State
	// Record is what is under the key now. If the claim is Acquired, its Token
	// is what Complete, Release and Extend want.
	Record Record
	// RetryAfter is, of one in progress, how long its lease still lasts.
	RetryAfter time.Duration
}

// State is what became of a claim.
type State uint8

// The states.
const (
	Acquired   State = iota + 1 // the caller holds the key
	InProgress                  // somebody else does
	Ended                       // completed or failed, as the record says
	Abandoned                   // the holder vanished; see Terms.AtMostOnce
)

// String returns the state in words.
func (s State) String() string {
	switch s {
	case Acquired:
		return "acquired"
	case InProgress:
		return "in progress"
	case Ended:
		return "ended"
	case Abandoned:
		return "abandoned"
	}
	return "no state"
}

// Outcome is how an operation has ended.
type Outcome struct {
	Status   Status // StatusCompleted or StatusFailed
	Response []byte // not kept by the store, but copied
	ErrCode  string
	ErrText  string
}
