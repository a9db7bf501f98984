package cache

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spcent/plumego/store"
)

// KVCache is a Cache that keeps its values in an engine, with all the optional
// interfaces. It forgets nothing to make room: that is the engine's affair,
// and an engine that is full says so by store.ErrNoSpace.
type KVCache struct {
	kv      store.KV
	prefix  string
	config  KVConfig
	flights *flights
	policy  *policy // nil: nothing is evicted
	closed  atomic.Bool

	hits, misses, sets, rejected atomic.Uint64
}

// KVConfig says what a KVCache does. The zero value of a field is its default.
type KVConfig struct {
	// DefaultTTL is what a ttl of 0 means. 0 or NoExpiration: for ever.
	DefaultTTL time.Duration
	// MaxKeyLength is the greatest length of a key in bytes. 0 is 256. With
	// the prefix it must not be more than the engine takes.
	MaxKeyLength int
	// MaxValueBytes is the greatest length of a value. 0 is 1 MiB. It must
	// not be more than the engine takes.
	MaxValueBytes int
	// RefreshAhead is that of Config.
	RefreshAhead time.Duration
	// Now tells the time that deadlines are reckoned from. nil is the
	// engine's, if it is a store.Clock, or else the system's.
	Now func() time.Time
}

const defaultKVValue = 1 << 20

// NewKVCache returns a cache whose keys lie in kv under prefix + key. The
// prefix is a word and one colon, the only one in it, such as "cache:", so
// that no two users of kv share a key; or empty, if kv is the cache's alone.
// Several caches of one prefix share their values, but each has loads of its
// own. Closing the cache does not close kv. The error is ErrInvalidConfig.
func NewKVCache(kv store.KV, prefix string, config KVConfig) (*KVCache, error) {
	if config.Now == nil {
		config.Now = newClock(nil).time
		if clock, ok := kv.(store.Clock); ok {
			config.Now = clock.Now
		}
	}
	if config.MaxKeyLength == 0 {
		config.MaxKeyLength = DefaultMaxKeyLength
	}
	if config.MaxValueBytes == 0 {
		config.MaxValueBytes = defaultKVValue
	}
	if prefix != "" && (len(prefix) < 2 || strings.IndexByte(prefix, ':') != len(prefix)-1) {
		return nil, fmt.Errorf("%w: a prefix is a word and one colon", ErrInvalidConfig)
	}
	c := &KVCache{kv: kv, prefix: prefix, config: config, flights: newFlights()}
	return c, c.memory().check()
}

// memory returns the configuration of a cache in memory with the same rules
// for keys and values.
func (c *KVCache) memory() Config {
	return Config{
		MaxBytes:     1 << 62,
		DefaultTTL:   c.config.DefaultTTL,
		MaxKeyLength: c.config.MaxKeyLength, MaxValueBytes: c.config.MaxValueBytes,
		RefreshAhead: c.config.RefreshAhead,
	}
}

// Get is Cache.Get.
func (c *KVCache) Get(ctx context.Context, key string) ([]byte, error) {
	item, err := c.get(ctx, key)
	if err != nil {
		return nil, err
	}
	return item.Value, nil
}

// get is Get with all that the engine knows, and counts.
func (c *KVCache) get(ctx context.Context, key string) (store.Item, error) {
	item, err := c.item(ctx, key)
	switch {
	case err == nil:
		c.hits.Add(1)
		c.found(item)
	case errors.Is(err, ErrNotFound):
		c.misses.Add(1)
		c.missed(key)
	}
	return item, err
}

// item returns what the engine has under a key.
func (c *KVCache) item(ctx context.Context, key string) (store.Item, error) {
	if err := c.enter(ctx, key); err != nil {
		return store.Item{}, err
	}
	item, err := c.kv.Get(ctx, c.prefix+key)
	return item, public(err)
}

// Set is Cache.Set.
func (c *KVCache) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	change, err := c.change(ctx, key, value, ttl)
	if err != nil {
		return err
	}
	return c.commit(ctx, change)
}

// change returns the change that a Set would make.
func (c *KVCache) change(ctx context.Context, key string, value []byte, ttl time.Duration) (store.Change, error) {
	if err := c.fits(len(value)); err != nil {
		return store.Change{}, err
	}
	deadline, err := c.deadline(ttl)
	if err != nil {
		return store.Change{}, err
	}
	if err := c.enter(ctx, key); err != nil {
		return store.Change{}, err
	}
	return store.Change{Key: c.prefix + key, Value: value, Deadline: deadline}, nil
}

// commit makes a change of a value. A load that has begun before has kept its
// result, which is changed now, or will not. One that begins meanwhile keeps it
// if the value is still the one that it knew of, and nobody else joins it
// afterwards: it may have found the value that is changed.
func (c *KVCache) commit(ctx context.Context, change store.Change) error {
	key := change.Key[len(c.prefix):]
	c.flights.pass(key)
	defer c.flights.overtake(key)
	if err := c.write(ctx, change); err != nil {
		return public(err)
	}
	if !change.Delete {
		c.sets.Add(1)
	}
	return nil
}

// Delete is Cache.Delete.
func (c *KVCache) Delete(ctx context.Context, key string) error {
	if err := c.enter(ctx, key); err != nil {
		return err
	}
	return c.commit(ctx, store.Change{Key: c.prefix + key, Delete: true})
}

// Exists is Cache.Exists. It costs a read of the value.
func (c *KVCache) Exists(ctx context.Context, key string) (bool, error) {
	switch _, err := c.item(ctx, key); {
	case errors.Is(err, ErrNotFound):
		return false, nil
	default:
		return err == nil, err
	}
}

// Stats returns what the cache has done since it was made; what it holds it
// does not know, nor what has expired.
func (c *KVCache) Stats() Stats {
	s := Stats{Hits: c.hits.Load(), Misses: c.misses.Load(), Sets: c.sets.Load(), Rejected: c.rejected.Load()}
	s.Loads, s.LoadErrors, s.Refreshes = c.flights.counts()
	if c.policy != nil {
		s.Evicted = c.policy.evicted.Load()
	}
	return s
}

// Close ends the cache and leaves the engine open. Loads that are running have
// their context cancelled and are waited for.
func (c *KVCache) Close() error {
	c.closed.Store(true)
	c.flights.close()
	return nil
}

// enter checks what every call checks.
func (c *KVCache) enter(ctx context.Context, key string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := c.memory().checkKey(key); err != nil {
		return err
	}
	return c.open()
}

func (c *KVCache) open() error {
	if c.closed.Load() {
		return ErrCacheClosed
	}
	return nil
}

func (c *KVCache) fits(value int) error {
	err := c.memory().checkValue(value)
	if err != nil {
		c.rejected.Add(1)
	}
	return err
}

// deadline returns when a value that is set now expires.
func (c *KVCache) deadline(ttl time.Duration) (time.Time, error) {
	ttl, err := c.memory().ttl(ttl)
	if ttl == 0 || err != nil {
		return time.Time{}, err
	}
	return c.config.Now().Add(ttl), nil
}

// public turns an error of the engine into one of this package.
func public(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, store.ErrNotFound):
		return ErrNotFound
	case errors.Is(err, store.ErrClosed):
		return ErrCacheClosed
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	}
	return fmt.Errorf("cache: %w", err)
}
