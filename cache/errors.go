package cache

import (
	"errors"

	"github.com/spcent/plumego/store"
)

// What a call may say.
var (
	// ErrNotFound says that the key has no value: it was never there, was
	// deleted or evicted, or has expired.
	ErrNotFound error = sentinel{"cache: not found", store.ErrNotFound}
	// ErrInvalidKey says that a key is empty.
	ErrInvalidKey error = sentinel{"cache: key is empty", store.ErrInvalid}
	// ErrKeyTooLong says that a key exceeds Config.MaxKeyLength. It matches
	// ErrInvalidKey.
	ErrKeyTooLong error = sentinel{"cache: key is too long", ErrInvalidKey}
	// ErrTooLarge says that a value exceeds Config.MaxValueBytes.
	ErrTooLarge error = sentinel{"cache: value is too large", store.ErrInvalid}
	// ErrNotInteger says that a counter met a value that is not the decimal
	// text of an int64.
	ErrNotInteger error = sentinel{"cache: value is not an integer", store.ErrInvalid}
	// ErrOverflow says that a counter would leave the range of an int64.
	ErrOverflow error = sentinel{"cache: counter would overflow", store.ErrInvalid}
	// ErrInvalidTTL says that a ttl is negative and not NoExpiration.
	ErrInvalidTTL error = sentinel{"cache: ttl is negative", store.ErrInvalid}
	// ErrCacheClosed says that the cache was closed.
	ErrCacheClosed error = sentinel{"cache: closed", store.ErrClosed}
)

// ErrInvalidConfig says that a field of Config is out of bounds, or that two
// do not go together.
var ErrInvalidConfig error = sentinel{"cache: invalid configuration", store.ErrInvalid}

// ErrCapabilityUnsupported is for what is put in front of a cache and has a
// method of one of the optional interfaces, which that cache has not. The
// caches of this package have all of them, and do not return it.
var ErrCapabilityUnsupported = errors.New("cache: not supported")

// sentinel is an error of this package that is also of a shared kind.
type sentinel struct {
	text string
	kind error
}

// Error returns the text.
func (s sentinel) Error() string { return s.text }

// Unwrap returns the shared kind.
func (s sentinel) Unwrap() error { return s.kind }
