package cache

import (
	"context"
	"time"
)

// NoExpiration is the ttl of a value that never expires, whatever
// Config.DefaultTTL says.
const NoExpiration time.Duration = -1

// Cache is what code that uses a cache needs of one, so that another can be
// put in its place. Package cachetest is this contract as tests.
//
// A key is a string of any bytes; the empty one is ErrInvalidKey, and an
// implementation may bound the length: ErrKeyTooLong. Values are copied, in
// and out. A context that is done before the call stops it, and its error is
// returned; a call that has begun is finished. All methods are safe for
// concurrent use. After Close they return ErrCacheClosed.
//
// A cache may forget any value at any time to make room. What it returns is
// always the newest value of the key: Set has no queue, so a Get after it sees
// it, unless it was evicted since.
type Cache interface {
	// Get returns a copy of the value of key, which is the caller's and not
	// nil, even if it is empty. A key without a value, or with one that has
	// expired, is ErrNotFound.
	Get(ctx context.Context, key string) ([]byte, error)
	// Set keeps a copy of value under key for ttl. A ttl of 0 is the
	// cache's default, NoExpiration is for ever, and any other that is
	// negative is ErrInvalidTTL. A ttl is rounded up to the millisecond. A
	// value that the cache can never hold is ErrTooLarge, and then the key
	// keeps what it had. An error means that nothing was changed.
	Set(ctx context.Context, key string, value []byte, ttl time.Duration) error
	// Delete forgets key. That it was not there is no error.
	Delete(ctx context.Context, key string) error
	// Exists reports whether Get would find a value. It does not count as
	// an access.
	Exists(ctx context.Context, key string) (bool, error)
	// Close gives back what the cache holds. Calling it again is no error.
	Close() error
}
