package idempotency

import (
	"errors"
	"time"
)

// DefaultLease is the lease of a Do without the option Lease.
const DefaultLease = 30 * time.Second

// Option changes what Do or DoTx does.
type Option func(*options)

type options struct {
	terms       Terms
	wait        bool
	keepOnPanic bool
}

// Lease is how long a holder that has vanished keeps the key; DefaultLease
// otherwise. While the function runs the lease is extended every third of it.
func Lease(d time.Duration) Option { return func(o *options) { o.terms.Lease = d } }

// Retention is how long an outcome is replayed, and an abandoned claim known;
// DefaultRetention otherwise. After it the key is as good as new.
func Retention(d time.Duration) Option { return func(o *options) { o.terms.Retention = d } }

// Wait has Do wait while somebody else holds the key, until the context is
// done, instead of returning ErrInProgress. Then it replays what the other has
// done, or works itself if the other has given up.
func Wait() Option { return func(o *options) { o.wait = true } }

// AtMostOnce has a key whose holder has vanished stay as it is for its
// retention, whoever asks: ErrOutcomeUnknown. An operator may look into it, and
// Set what has come of it. A function that panics, or returns the error of a
// context, counts as vanished.
func AtMostOnce() Option { return func(o *options) { o.terms.AtMostOnce = true } }

// KeepOnPanic has a function that panics, or ends its goroutine, count as one
// that has vanished, instead of one that has failed and may be tried again.
func KeepOnPanic() Option { return func(o *options) { o.keepOnPanic = true } }

func newOptions(list []Option) (options, error) {
	o := options{terms: Terms{Lease: DefaultLease, Retention: DefaultRetention}}
	for _, option := range list {
		option(&o)
	}
	return o, errors.Join(validateDuration("lease", o.terms.Lease), validateDuration("retention", o.terms.Retention))
}
