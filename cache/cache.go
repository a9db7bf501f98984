package cache

import (
	"context"
	"iter"
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

// What a Cache may do beside; a type assertion tells. Arguments, contexts and
// Close are treated as Cache says. Each call is one step for others who use
// the key, unless it says otherwise.
type (
	// Clearer forgets everything.
	Clearer interface {
		// Clear forgets every value that was there when it was called. It
		// is no single step.
		Clear(ctx context.Context) error
	}

	// Counter counts. A counter is kept as its decimal text.
	Counter interface {
		// Incr adds delta to the value of key and returns the sum. A key
		// without a value counts from 0 and gets ttl, as Set would give it;
		// otherwise its deadline stays. A value that is no int64 is
		// ErrNotInteger, a sum that is none ErrOverflow.
		Incr(ctx context.Context, key string, delta int64, ttl time.Duration) (int64, error)
		// Decr subtracts delta, as Incr adds it.
		Decr(ctx context.Context, key string, delta int64, ttl time.Duration) (int64, error)
	}

	// Appender appends.
	Appender interface {
		// Append puts data behind the value of key. A key without a value
		// gets data and ttl, as Set would give it; otherwise its deadline
		// stays. What would be longer than a value may be is ErrTooLarge.
		Append(ctx context.Context, key string, data []byte, ttl time.Duration) error
	}

	// SetIfAbsenter sets if nobody was first.
	SetIfAbsenter interface {
		// SetIfAbsent is Set if key has no value, and reports whether it
		// was set.
		SetIfAbsent(ctx context.Context, key string, value []byte, ttl time.Duration) (bool, error)
	}

	// BulkGetter gets many values in one call.
	BulkGetter interface {
		// GetMulti returns the values of those keys that have one. It is no
		// single step: each key is got by itself. One that is no key is
		// ErrInvalidKey, and then nothing is returned.
		GetMulti(ctx context.Context, keys []string) (map[string][]byte, error)
	}

	// Loader fetches what it does not have.
	Loader interface {
		// GetOrLoad returns the value of key, and if there is none what
		// load returns, which it then keeps for ttl. See MemoryCache.
		GetOrLoad(ctx context.Context, key string, ttl time.Duration, load LoadFunc) ([]byte, error)
	}

	// Lister lists what there is, which does not count as an access.
	Lister interface {
		// Keys yields the keys that begin with prefix in ascending byte
		// order. One that is there throughout is yielded once; whether what
		// comes or goes meanwhile is yielded is open. The loop may use the
		// cache. An error is the last thing yielded.
		Keys(ctx context.Context, prefix string) iter.Seq2[string, error]
		// Range yields the same with their values.
		Range(ctx context.Context, prefix string) iter.Seq2[Entry, error]
	}
)

// LoadFunc fetches the value of a key from where it comes from. The result is
// the cache's.
type LoadFunc func(ctx context.Context) ([]byte, error)

// Entry is a key and its value.
type Entry struct {
	Key      string
	Value    []byte    // a copy, the caller's
	Deadline time.Time // to the millisecond; the zero time: never expires
}
