package cache

import (
	"context"
	"hash/maphash"
	"math"
	"sync/atomic"
	"time"

	"github.com/spcent/plumego/store/internal/spin"
)

// MemoryCache is a Cache in memory, with all the optional interfaces. It
// holds no goroutine but those that load.
type MemoryCache struct {
	config   Config
	seed     maphash.Seed
	clock    *clock
	shards   []*shard // a power of two
	flights  *flights
	rejected atomic.Uint64
}

// NewMemoryCache returns a cache of DefaultConfig.
func NewMemoryCache() *MemoryCache {
	config := DefaultConfig()
	return newMemoryCache(config, config.parts())
}

// NewMemoryCacheWithConfig returns a cache. The error is ErrInvalidConfig.
func NewMemoryCacheWithConfig(config Config) (*MemoryCache, error) {
	config = config.withDefaults()
	if err := config.check(); err != nil {
		return nil, err
	}
	return newMemoryCache(config, config.parts()), nil
}

func newMemoryCache(config Config, parts int) *MemoryCache {
	c := &MemoryCache{config: config, seed: maphash.MakeSeed(), clock: newClock(config.Now), flights: newFlights()}
	entries := math.MaxInt
	if config.MaxEntries > 0 {
		entries = int(min(max(config.MaxEntries/int64(parts), 1), math.MaxInt))
	}
	for range parts {
		c.shards = append(c.shards, newShard(c, config.partSize(int64(parts)), entries))
	}
	return c
}

// Get is Cache.Get.
func (c *MemoryCache) Get(ctx context.Context, key string) ([]byte, error) {
	value, err := c.AppendGet(ctx, []byte{}, key)
	if err != nil {
		return nil, err
	}
	return value, nil
}

// AppendGet appends a copy of the value of key to dst and returns the result,
// as append does. It allocates only when dst has no room. After an error,
// which is one of those of Get, the result is dst as it was, but for what lies
// behind its length.
func (c *MemoryCache) AppendGet(ctx context.Context, dst []byte, key string) ([]byte, error) {
	s, hash, err := c.enter(ctx, key)
	if err != nil {
		return dst, err
	}
	value, ok := s.getAlike(dst, hash, key)
	if !ok {
		value, _, ok = s.get(dst, hash, key)
	}
	c.leave(s)
	if !ok {
		return dst, ErrNotFound
	}
	return value, nil
}

// Set is Cache.Set. It costs what it evicts, which is about as many bytes as
// it writes.
func (c *MemoryCache) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	if err := c.fits(len(value)); err != nil {
		return err
	}
	deadline, err := c.deadline(ttl)
	if err != nil {
		return err
	}
	s, hash, err := c.enter(ctx, key)
	if err != nil {
		return err
	}
	s.put(hash, key, value, deadline)
	c.leaveChanged(s, key)
	return nil
}

// Delete is Cache.Delete.
func (c *MemoryCache) Delete(ctx context.Context, key string) error {
	s, hash, err := c.enter(ctx, key)
	if err != nil {
		return err
	}
	s.remove(hash, key)
	c.leaveChanged(s, key)
	return nil
}

// Exists is Cache.Exists.
func (c *MemoryCache) Exists(ctx context.Context, key string) (bool, error) {
	s, hash, err := c.enter(ctx, key)
	if err != nil {
		return false, err
	}
	_, ok := s.valued(hash, key)
	c.leave(s)
	return ok, nil
}

// Stats returns what the cache holds and has done, also after Close. It looks
// at each part for a moment.
func (c *MemoryCache) Stats() Stats {
	out := Stats{Rejected: c.rejected.Load(), MaxBytes: c.config.MaxBytes, Shards: len(c.shards)}
	out.Loads, out.LoadErrors, out.Refreshes = c.flights.counts()
	for _, s := range c.shards {
		s.mu.Lock()
		out.add(s.counts)
		out.Entries += int64(s.entries)
		out.Bytes += s.bytes()
		s.mu.Unlock()
	}
	return out
}

// Close gives the memory back. Loads that are running have their context
// cancelled and are waited for.
func (c *MemoryCache) Close() error {
	c.flights.close()
	for _, s := range c.shards {
		s.mu.Lock()
		s.close()
		s.mu.Unlock()
	}
	return nil
}

// enter checks what every call checks, and returns the key's shard, locked,
// for leave to unlock, and the key's hash.
func (c *MemoryCache) enter(ctx context.Context, key string) (*shard, uint64, error) {
	if err := ctx.Err(); err != nil {
		return nil, 0, err
	}
	if err := c.config.checkKey(key); err != nil {
		return nil, 0, err
	}
	hash := maphash.String(c.seed, key)
	s := c.shards[hash&uint64(len(c.shards)-1)]
	spin.Lock(&s.mu)
	if s.closed {
		s.mu.Unlock()
		return nil, 0, ErrCacheClosed
	}
	return s, hash, nil
}

// leave unlocks a shard and tells what has left it.
func (c *MemoryCache) leave(s *shard) {
	events := s.told()
	s.mu.Unlock()
	c.tell(events)
}

// leaveChanged is leave for calls that have changed the value of a key: what is
// being loaded for it is not to be kept. A load that begins later finds the
// change.
func (c *MemoryCache) leaveChanged(s *shard, key string) {
	c.flights.overtake(key)
	c.leave(s)
}

func (c *MemoryCache) tell(events []event) {
	for _, e := range events {
		c.config.OnEvict(e.key, e.value, e.why)
	}
}

// fits checks the length of a value, and counts one that is too large.
func (c *MemoryCache) fits(value int) error {
	err := c.config.checkValue(value)
	if err != nil {
		c.rejected.Add(1)
	}
	return err
}

// deadline returns when a value that is set now expires, in Unix
// milliseconds; 0 is never.
func (c *MemoryCache) deadline(ttl time.Duration) (int64, error) {
	ttl, err := c.config.ttl(ttl)
	if ttl == 0 || err != nil {
		return 0, err
	}
	return c.clock.after(ttl), nil
}
