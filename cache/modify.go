package cache

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"
)

var (
	_ Cache         = (*MemoryCache)(nil)
	_ Clearer       = (*MemoryCache)(nil)
	_ Counter       = (*MemoryCache)(nil)
	_ Appender      = (*MemoryCache)(nil)
	_ SetIfAbsenter = (*MemoryCache)(nil)
	_ BulkGetter    = (*MemoryCache)(nil)
	_ Loader        = (*MemoryCache)(nil)
	_ Lister        = (*MemoryCache)(nil)
)

// Clear is Clearer.Clear. With OnEvict it costs a copy of everything that a
// part of the cache holds, without it next to nothing.
func (c *MemoryCache) Clear(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	c.flights.overtakeAll()
	for _, s := range c.shards {
		s.mu.Lock()
		if s.closed {
			s.mu.Unlock()
			return ErrCacheClosed
		}
		s.forgetAll()
		c.leave(s)
	}
	c.flights.overtakeAll() // those that have found what was still there
	return nil
}

// forgetAll clears the shard and tells of everything that was in it.
func (s *shard) forgetAll() {
	s.index.walk(func(slot slot) {
		s.tell(s.pool.record(slot.pos()), Cleared)
	})
	s.clear()
}

// Incr is Counter.Incr.
func (c *MemoryCache) Incr(ctx context.Context, key string, delta int64, ttl time.Duration) (int64, error) {
	return incr(ctx, c, key, delta, ttl)
}

// Decr is Counter.Decr.
func (c *MemoryCache) Decr(ctx context.Context, key string, delta int64, ttl time.Duration) (int64, error) {
	negated, err := negate(delta)
	if err != nil {
		return 0, err
	}
	return c.Incr(ctx, key, negated, ttl)
}

// modifier is a cache that can give a key a value which follows from the one
// that it has.
type modifier interface {
	fits(size int) error
	modify(ctx context.Context, key string, ttl time.Duration, change func(old []byte, ok bool) ([]byte, error)) error
}

// incr is Counter.Incr.
func incr(ctx context.Context, c modifier, key string, delta int64, ttl time.Duration) (sum int64, err error) {
	if err := c.fits(longestInt); err != nil {
		return 0, err
	}
	err = c.modify(ctx, key, ttl, func(old []byte, ok bool) (value []byte, err error) {
		sum, err = add(old, ok, delta)
		return strconv.AppendInt(nil, sum, 10), err
	})
	if err != nil {
		return 0, err
	}
	return sum, nil
}

func negate(delta int64) (int64, error) {
	if delta == math.MinInt64 {
		return 0, ErrOverflow
	}
	return -delta, nil
}

// longestInt is the length of the longest int64, -9223372036854775808.
const longestInt = 20

// add returns the sum of a counter, which may not be there, and delta.
func add(counter []byte, ok bool, delta int64) (int64, error) {
	if !ok {
		return delta, nil
	}
	n, err := strconv.ParseInt(string(counter), 10, 64)
	switch {
	case err != nil:
		return 0, ErrNotInteger
	case delta > 0 && n > math.MaxInt64-delta, delta < 0 && n < math.MinInt64-delta:
		return 0, ErrOverflow
	}
	return n + delta, nil
}

// Append is Appender.Append. It costs a copy of the whole value.
func (c *MemoryCache) Append(ctx context.Context, key string, data []byte, ttl time.Duration) error {
	return c.modify(ctx, key, ttl, func(old []byte, _ bool) ([]byte, error) {
		return append(old, data...), c.fits(len(old) + len(data))
	})
}

// modify gives a key a value that follows from the one that it has, and keeps
// its deadline. change owns old.
func (c *MemoryCache) modify(ctx context.Context, key string, ttl time.Duration, change func(old []byte, ok bool) ([]byte, error)) error {
	deadline, err := c.deadline(ttl)
	if err != nil {
		return err
	}
	s, hash, err := c.enter(ctx, key)
	if err != nil {
		return err
	}
	defer c.leaveChanged(s, key)
	var old []byte
	r, ok := s.valued(hash, key)
	if ok {
		deadline = r.deadline
		old = s.appendValue(nil, r)
	}
	value, err := change(old, ok)
	if err != nil {
		return err
	}
	s.put(hash, key, value, deadline)
	return nil
}

// SetIfAbsent is SetIfAbsenter.SetIfAbsent.
func (c *MemoryCache) SetIfAbsent(ctx context.Context, key string, value []byte, ttl time.Duration) (bool, error) {
	if err := c.fits(len(value)); err != nil {
		return false, err
	}
	deadline, err := c.deadline(ttl)
	if err != nil {
		return false, err
	}
	s, hash, err := c.enter(ctx, key)
	if err != nil {
		return false, err
	}
	defer c.leaveChanged(s, key)
	if _, ok := s.valued(hash, key); ok {
		return false, nil
	}
	s.put(hash, key, value, deadline)
	return true, nil
}

// GetMulti is BulkGetter.GetMulti.
func (c *MemoryCache) GetMulti(ctx context.Context, keys []string) (map[string][]byte, error) {
	return getMulti(ctx, c, c.config, keys)
}

// getMulti gets keys one by one.
func getMulti(ctx context.Context, c Cache, config Config, keys []string) (map[string][]byte, error) {
	for _, key := range keys {
		if err := config.checkKey(key); err != nil {
			return nil, err
		}
	}
	values := make(map[string][]byte, len(keys))
	for _, key := range keys {
		switch value, err := c.Get(ctx, key); {
		case err == nil:
			values[key] = value
		case !errors.Is(err, ErrNotFound):
			return nil, fmt.Errorf("get many: %w", err)
		}
	}
	return values, nil
}
