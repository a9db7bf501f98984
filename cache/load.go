package cache

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/spcent/plumego/store"
)

// GetOrLoad returns a copy of the value of key. If there is none it calls load
// and keeps the result for ttl, as Set would. Callers who miss one key at the
// same time wait for one load.
//
// Each caller obeys its own context. The load has the values of the first
// caller's, and is cancelled when nobody waits for it any more. A change of
// the key while it is loaded wins: those who wait get what was loaded, but it
// is not kept, and who comes after the change loads anew.
//
// An error of load is returned as it is, and not kept; but see
// Config.NegativeTTL, after which it is ErrNotFound. A panic in load comes out
// of GetOrLoad, in every goroutine that waits, as a *LoadPanic. A value that is
// too large is returned and not kept (Stats.Rejected). load may use the cache,
// but not close it.
func (c *MemoryCache) GetOrLoad(ctx context.Context, key string, ttl time.Duration, load LoadFunc) ([]byte, error) {
	if _, err := c.deadline(ttl); err != nil {
		return nil, err
	}
	s, hash, err := c.enter(ctx, key)
	if err != nil {
		return nil, err
	}
	value, r, ok := s.get([]byte{}, hash, key)
	c.leave(s)
	j := job{load: load, keep: func(value []byte, err error, overtaken *atomic.Bool) func() {
		return c.keep(key, ttl, value, err, overtaken)
	}}
	switch {
	case ok:
		if c.isDue(r) {
			c.flights.refresh(ctx, key, j)
		}
		return value, nil
	case r.negative:
		return nil, ErrNotFound
	}
	j.find = func() ([]byte, error, bool) { return c.peek(key) }
	return c.flights.wait(ctx, key, j)
}

// isDue reports whether a value is to be loaded anew.
func (c *MemoryCache) isDue(r record) bool {
	ahead := c.config.RefreshAhead.Milliseconds()
	return ahead > 0 && r.deadline != 0 && r.deadline-c.clock.millis() <= ahead
}

// peek returns what a load of the key would, if that is known, without an
// access.
func (c *MemoryCache) peek(key string) (value []byte, err error, ok bool) {
	s, hash, err := c.enter(context.Background(), key)
	if err != nil {
		return nil, nil, false
	}
	defer c.leave(s)
	_, _, r, ok := s.live(hash, key)
	switch {
	case !ok:
		return nil, nil, false
	case r.negative:
		return nil, ErrNotFound, true
	}
	return s.appendValue([]byte{}, r), nil, true
}

// keep keeps what a load has returned, if that is to be kept. Who changes the
// key overtakes its flight while he holds the part of the cache that it is in:
// either he has done so by now, or what is kept here will be changed.
func (c *MemoryCache) keep(key string, ttl time.Duration, value []byte, err error, overtaken *atomic.Bool) (after func()) {
	flags := uint64(0)
	switch {
	case err == nil:
		err = c.fits(len(value))
	case c.config.NegativeTTL > 0 && errors.Is(err, store.ErrNotFound):
		value, ttl, flags, err = nil, c.config.NegativeTTL, flagNegative, nil
	}
	deadline, err2 := c.deadline(ttl)
	if errors.Join(err, err2) != nil {
		return func() {}
	}
	s, hash, err := c.enter(context.Background(), key)
	if err != nil {
		return func() {}
	}
	if !overtaken.Load() {
		s.write(hash, key, value, deadline, flags)
	}
	events := s.told()
	s.mu.Unlock()
	return func() { c.tell(events) }
}
