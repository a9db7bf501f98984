package cache

import (
	"context"
	"errors"
	"time"

	"github.com/spcent/plumego/store"
	"github.com/spcent/plumego/store/kv"
)

// recordOverhead is about what an engine keeps on disk beside key and value.
const recordOverhead = 64

func (c *KVCache) weigh(key string, value int) int {
	return len(c.prefix) + len(key) + value + recordOverhead
}

// write makes a change of a value, here and in the policy. If the engine has
// no room, room is made.
func (c *KVCache) write(ctx context.Context, change store.Change) error {
	if c.policy == nil {
		_, err := c.kv.Commit(ctx, change)
		return err
	}
	key := change.Key[len(c.prefix):]
	for {
		victims, err := c.writeHeld(ctx, key, change)
		c.drop(victims)
		if !errors.Is(err, kv.ErrFull) {
			return err
		}
		// Overwritten values and index take more than the policy knows.
		room := int64(2*c.weigh(key, len(change.Value))) + c.policy.most/64
		victims = c.policy.shrink(c.policy.most - c.policy.weight.Load() + room)
		if len(victims) == 0 {
			return err
		}
		c.drop(victims)
	}
}

// writeHeld makes a change while the key is held.
func (c *KVCache) writeHeld(ctx context.Context, key string, change store.Change) (victims []string, err error) {
	defer c.policy.hold(key)()
	if _, err := c.kv.Commit(ctx, change); err != nil {
		return nil, err
	}
	if change.Delete {
		c.policy.forget(key)
		return nil, nil
	}
	return c.policy.set(key, c.weigh(key, len(change.Value)), millis(change)), nil
}

// millis returns the deadline of a change in Unix milliseconds, rounded up as
// the engine does; 0 is none.
func millis(change store.Change) int64 {
	if change.Deadline.IsZero() {
		return 0
	}
	return min(change.Deadline.Add(time.Millisecond-1).UnixMilli(), maxDeadline)
}

// drop deletes the values of keys that the policy has given up.
func (c *KVCache) drop(victims []string) {
	for _, key := range victims {
		c.dropOne(key)
	}
}

// dropOne deletes a value, unless its key has come back. That it cannot be
// deleted is met again when it is read, or the cache opened.
func (c *KVCache) dropOne(key string) {
	defer c.policy.hold(key)()
	if !c.policy.has(key) {
		_, _ = c.kv.Commit(context.Background(), store.Change{Key: c.prefix + key, Delete: true})
	}
}

// found notes an access.
func (c *KVCache) found(item store.Item) {
	if c.policy == nil {
		return
	}
	key := item.Key[len(c.prefix):]
	if c.policy.touch(key) {
		return
	}
	// The policy has given it up, and the value is about to go, or could not
	// be deleted: it is to go now.
	c.dropOne(key)
}

// missed notes that the engine has no value, which it knows first when one
// has expired.
func (c *KVCache) missed(key string) {
	if c.policy == nil || !c.policy.has(key) {
		return
	}
	defer c.policy.hold(key)()
	if _, err := c.kv.Get(context.Background(), c.prefix+key); errors.Is(err, store.ErrNotFound) {
		c.policy.forget(key)
	}
}
