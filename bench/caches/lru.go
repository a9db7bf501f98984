package main

import (
	"container/list"
	"sync"
)

// lruCache is the cache that everybody knows, behind one lock.
type lruCache struct {
	bounds
	mu    sync.Mutex
	order *list.List // of lruEntry, the newest in front
	at    map[string]*list.Element
	used  int // bytes
}

type lruEntry struct {
	key   string
	value []byte
}

func (e lruEntry) size() int { return len(e.key) + len(e.value) }

func openLRU(b bounds) (subject, error) {
	return &lruCache{bounds: b, order: list.New(), at: map[string]*list.Element{}}, nil
}

func (c *lruCache) get(dst []byte, key string) ([]byte, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.at[key]
	if e == nil {
		return dst, false
	}
	c.order.MoveToFront(e)
	return append(dst, e.Value.(lruEntry).value...), true
}

func (c *lruCache) set(key string, value []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.remove(c.at[key])
	entry := lruEntry{key, clone(value)}
	c.at[key] = c.order.PushFront(entry)
	for c.used += entry.size(); c.tooLarge(); {
		c.remove(c.order.Back())
	}
}

func (c *lruCache) tooLarge() bool {
	if c.entries > 0 {
		return len(c.at) > c.entries
	}
	return c.used > c.bytes
}

func (c *lruCache) remove(e *list.Element) {
	if e == nil {
		return
	}
	entry := c.order.Remove(e).(lruEntry)
	delete(c.at, entry.key)
	c.used -= entry.size()
}

func (c *lruCache) close() {}
