package idempotency

import (
	"errors"

	"github.com/spcent/plumego/store"
)

// What a reader or a claimer may be told.
var (
	// ErrNotFound says that the key has no record: there was none, it was
	// released, or its retention is over.
	ErrNotFound error = sentinel{"idempotency: no record", store.ErrNotFound}
	// ErrMismatch says that the key was used for another request: the
	// fingerprints differ.
	ErrMismatch error = sentinel{"idempotency: the key belongs to another request", store.ErrConflict}
	// ErrInProgress says that somebody holds the key. It comes as an
	// *InProgressError, which says when to try again.
	ErrInProgress error = sentinel{"idempotency: in progress", store.ErrConflict}
	// ErrOutcomeUnknown says that somebody held the key and did not come back,
	// and that it may not be taken over: see AtMostOnce.
	ErrOutcomeUnknown error = sentinel{"idempotency: outcome unknown", store.ErrConflict}
)

// What a holder may be told.
var (
	// ErrLeaseLost says that a token holds its key no more: another claim has
	// taken it over, it was completed, released or replaced, or its record has
	// expired.
	ErrLeaseLost error = sentinel{"idempotency: lease lost", store.ErrConflict}
	// ErrNotRecorded says that a function has returned, and perhaps had its
	// effect, but that its outcome could not be stored.
	ErrNotRecorded = errors.New("idempotency: outcome not recorded")
)

// What an argument may be, and what may be found.
var (
	// ErrInvalidKey says that a key is not one that ValidateKey takes.
	ErrInvalidKey error = sentinel{"idempotency: a key has 1 to 255 bytes of UTF-8 without control characters", store.ErrInvalid}
	// ErrInvalid says that another argument is out of its documented range.
	ErrInvalid error = sentinel{"idempotency: invalid argument", store.ErrInvalid}
	// ErrTooLarge says that a response is larger than the store takes.
	ErrTooLarge error = sentinel{"idempotency: response is too large", store.ErrInvalid}
	// ErrClaimUnsupported says that a store is no Claimer, and that nothing
	// safe can be built on it.
	ErrClaimUnsupported error = sentinel{"idempotency: the store cannot claim", store.ErrInvalid}
	// ErrCorrupt says that what lies under a key is no record, or one of a
	// later version of this package.
	ErrCorrupt error = sentinel{"idempotency: not a record", store.ErrCorrupt}
)

// sentinel is an error that belongs to one of the module's shared kinds, and
// is told apart from others of it by its identity.
type sentinel struct {
	text string
	kind error
}

// Error returns the text.
func (s sentinel) Error() string { return s.text }

// Unwrap returns the shared kind.
func (s sentinel) Unwrap() error { return s.kind }
