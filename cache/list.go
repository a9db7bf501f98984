package cache

import (
	"context"
	"iter"
	"slices"
	"strings"
	"time"
)

// Keys is Lister.Keys. It looks at every key, a part of the cache at a time,
// which is locked meanwhile, and keeps those it will yield.
func (c *MemoryCache) Keys(ctx context.Context, prefix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		keys, err := c.keys(ctx, prefix)
		for _, key := range keys {
			if err = ctx.Err(); err != nil {
				break
			}
			if !yield(key, nil) {
				return
			}
		}
		if err != nil {
			yield("", err)
		}
	}
}

// Range is Lister.Range. It costs what Keys costs, and a copy of each value.
func (c *MemoryCache) Range(ctx context.Context, prefix string) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		for key, err := range c.Keys(ctx, prefix) {
			entry, ok := Entry{}, false
			if err == nil {
				entry, ok, err = c.entry(ctx, key)
			}
			if err != nil {
				yield(Entry{}, err)
				return
			}
			if ok && !yield(entry, nil) {
				return
			}
		}
	}
}

// keys returns the keys with a prefix that have values, in order.
func (c *MemoryCache) keys(ctx context.Context, prefix string) (keys []string, err error) {
	for _, s := range c.shards {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		s.mu.Lock()
		if s.closed {
			s.mu.Unlock()
			return nil, ErrCacheClosed
		}
		keys = s.appendKeys(keys, prefix)
		s.mu.Unlock()
	}
	slices.Sort(keys)
	return keys, nil
}

func (s *shard) appendKeys(keys []string, prefix string) []string {
	s.index.walk(func(slot slot) {
		r := s.pool.record(slot.pos())
		if r.negative || r.expired(s.clock) {
			return
		}
		if key := s.keyOf(r); strings.HasPrefix(string(key), prefix) {
			keys = append(keys, string(key))
		}
	})
	return keys
}

// entry returns what is under a key, without an access.
func (c *MemoryCache) entry(ctx context.Context, key string) (Entry, bool, error) {
	s, hash, err := c.enter(ctx, key)
	if err != nil {
		return Entry{}, false, err
	}
	defer c.leave(s)
	r, ok := s.valued(hash, key)
	if !ok {
		return Entry{}, false, nil
	}
	entry := Entry{Key: key, Value: s.appendValue([]byte{}, r)}
	if r.deadline != 0 {
		entry.Deadline = time.UnixMilli(r.deadline)
	}
	return entry, true, nil
}

// walk calls fn for every slot. fn must not change the index.
func (x *index) walk(fn func(slot)) {
	for p := 0; p < len(x.dir); {
		t := table(x.pool.page(x.dir[p]))
		for i := range t.slots() {
			if s := t.slot(i); s != 0 {
				fn(s)
			}
		}
		p += 1 << (x.depth - t.depth())
	}
}
