package cache

import (
	"context"
	"errors"
	"iter"
	"sync/atomic"
	"time"

	"github.com/spcent/plumego/store"
)

var (
	_ Cache         = (*KVCache)(nil)
	_ Clearer       = (*KVCache)(nil)
	_ Counter       = (*KVCache)(nil)
	_ Appender      = (*KVCache)(nil)
	_ SetIfAbsenter = (*KVCache)(nil)
	_ BulkGetter    = (*KVCache)(nil)
	_ Loader        = (*KVCache)(nil)
	_ Lister        = (*KVCache)(nil)
)

// SetIfAbsent is SetIfAbsenter.SetIfAbsent.
func (c *KVCache) SetIfAbsent(ctx context.Context, key string, value []byte, ttl time.Duration) (bool, error) {
	change, err := c.change(ctx, key, value, ttl)
	if err != nil {
		return false, err
	}
	change.If = store.Absent
	err = c.commit(ctx, change)
	if errors.Is(err, store.ErrConflict) {
		return false, nil
	}
	return err == nil, err
}

// Incr is Counter.Incr.
func (c *KVCache) Incr(ctx context.Context, key string, delta int64, ttl time.Duration) (int64, error) {
	return incr(ctx, c, key, delta, ttl)
}

// Decr is Counter.Decr.
func (c *KVCache) Decr(ctx context.Context, key string, delta int64, ttl time.Duration) (int64, error) {
	negated, err := negate(delta)
	if err != nil {
		return 0, err
	}
	return c.Incr(ctx, key, negated, ttl)
}

// Append is Appender.Append. It costs a read and a write of the whole value.
func (c *KVCache) Append(ctx context.Context, key string, data []byte, ttl time.Duration) error {
	return c.modify(ctx, key, ttl, func(old []byte, _ bool) ([]byte, error) {
		return append(old, data...), c.fits(len(old) + len(data))
	})
}

// modify gives a key a value that follows from the one that it has, and keeps
// its deadline. It begins anew when somebody else was faster.
func (c *KVCache) modify(ctx context.Context, key string, ttl time.Duration, change func(old []byte, ok bool) ([]byte, error)) error {
	for {
		set, err := c.change(ctx, key, nil, ttl)
		if err != nil {
			return err
		}
		item, err := c.item(ctx, key)
		switch {
		case err == nil:
			set.Deadline, set.If = item.Deadline, item.Version
		case errors.Is(err, ErrNotFound):
			set.If = store.Absent
		default:
			return err
		}
		if set.Value, err = change(item.Value, err == nil); err != nil {
			return err
		}
		if err := c.commit(ctx, set); !errors.Is(err, store.ErrConflict) {
			return err
		}
	}
}

// GetMulti is BulkGetter.GetMulti.
func (c *KVCache) GetMulti(ctx context.Context, keys []string) (map[string][]byte, error) {
	return getMulti(ctx, c, c.memory(), keys)
}

// GetOrLoad is what it is for MemoryCache, without NegativeTTL.
func (c *KVCache) GetOrLoad(ctx context.Context, key string, ttl time.Duration, load LoadFunc) ([]byte, error) {
	if _, err := c.deadline(ttl); err != nil {
		return nil, err
	}
	item, err := c.get(ctx, key)
	known := item.Version
	j := job{load: load, keep: func(value []byte, err error, _ *atomic.Bool) func() {
		return c.keep(key, ttl, value, err, known)
	}}
	switch {
	case err == nil:
		if c.isDue(item) {
			c.flights.refresh(ctx, key, j)
		}
		return item.Value, nil
	case !errors.Is(err, ErrNotFound):
		return nil, err
	}
	known = store.Absent
	j.find = func() ([]byte, error, bool) {
		item, err := c.item(context.Background(), key)
		return item.Value, nil, err == nil
	}
	return c.flights.wait(ctx, key, j)
}

// isDue reports whether a value is to be loaded anew.
func (c *KVCache) isDue(item store.Item) bool {
	return c.config.RefreshAhead > 0 && !item.Deadline.IsZero() && item.Deadline.Sub(c.config.Now()) <= c.config.RefreshAhead
}

// keep keeps what a load has returned, if the key still has the value that it
// had when the load began. Not being able to is not the error of those who wait.
func (c *KVCache) keep(key string, ttl time.Duration, value []byte, err error, known uint64) (after func()) {
	ctx := context.Background()
	if err == nil {
		if change, err := c.change(ctx, key, value, ttl); err == nil {
			change.If = known
			_ = c.write(ctx, change)
		}
	}
	return func() {}
}

// Keys is Lister.Keys. It costs a read of each value.
func (c *KVCache) Keys(ctx context.Context, prefix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for entry, err := range c.Range(ctx, prefix) {
			if !yield(entry.Key, err) {
				return
			}
		}
	}
}

// Range is Lister.Range.
func (c *KVCache) Range(ctx context.Context, prefix string) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		if err := c.open(); err != nil {
			yield(Entry{}, err)
			return
		}
		for item, err := range c.kv.Scan(ctx, c.prefix+prefix, "") {
			if err != nil {
				yield(Entry{}, public(err))
				return
			}
			if !yield(Entry{item.Key[len(c.prefix):], item.Value, item.Deadline}, nil) {
				return
			}
		}
	}
}

// clearBatch is how many keys one commit of Clear deletes.
const clearBatch = 256

// Clear is Clearer.Clear. It costs a read of each value and a delete.
func (c *KVCache) Clear(ctx context.Context) error {
	c.flights.overtakeAll()
	defer c.flights.overtakeAll() // those that have found what was still there
	var batch []store.Change
	flush := func() error {
		_, err := c.kv.Commit(ctx, batch...)
		batch = batch[:0]
		return public(err)
	}
	for key, err := range c.Keys(ctx, "") {
		if err != nil {
			return err
		}
		if batch = append(batch, store.Change{Key: c.prefix + key, Delete: true}); len(batch) == clearBatch {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}
