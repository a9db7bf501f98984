package storetest_test

import (
	"cmp"
	"context"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/spcent/plumego/store"
	"github.com/spcent/plumego/store/storetest"
)

// TestKV runs the contract on the least that can keep it: a map, its lock, and
// a counter.
func TestKV(t *testing.T) {
	storetest.KV(t, func(_ *testing.T, now func() time.Time) store.KV {
		return &least{now: now, items: map[string]store.Item{}}
	})
}

type least struct {
	now func() time.Time

	mu    sync.Mutex // protects the fields below
	items map[string]store.Item
	last  uint64 // version
	over  bool
}

// begin takes the lock, if the call may go on.
func (k *least) begin(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	k.mu.Lock()
	if k.over {
		k.mu.Unlock()
		return store.ErrClosed
	}
	maps.DeleteFunc(k.items, func(_ string, i store.Item) bool { return k.dead(i.Deadline) })
	return nil
}

func (k *least) dead(deadline time.Time) bool {
	return !deadline.IsZero() && !k.now().Before(deadline)
}

func (k *least) Get(ctx context.Context, key string) (store.Item, error) {
	if key == "" {
		return store.Item{}, store.ErrInvalid
	}
	if err := k.begin(ctx); err != nil {
		return store.Item{}, err
	}
	defer k.mu.Unlock()
	item, ok := k.items[key]
	if !ok {
		return item, store.ErrNotFound
	}
	item.Value = append([]byte{}, item.Value...)
	return item, nil
}

func (k *least) Commit(ctx context.Context, changes ...store.Change) ([]uint64, error) {
	if err := k.begin(ctx); err != nil {
		return nil, err
	}
	defer k.mu.Unlock()
	seen := map[string]bool{"": true}
	for _, c := range changes {
		if seen[c.Key] {
			return nil, store.ErrInvalid
		}
		seen[c.Key] = true
		item, ok := k.items[c.Key]
		if c.If == store.Absent && ok || c.If != store.Absent && c.If != 0 && c.If != item.Version {
			return nil, store.ErrConflict
		}
	}
	versions := make([]uint64, len(changes))
	for i, c := range changes {
		if c.Delete || k.dead(c.Deadline) {
			delete(k.items, c.Key)
			continue
		}
		k.last++
		versions[i] = k.last
		deadline := c.Deadline
		if !deadline.IsZero() {
			deadline = time.UnixMilli(deadline.Add(time.Millisecond - 1).UnixMilli())
		}
		k.items[c.Key] = store.Item{Key: c.Key, Value: slices.Clone(c.Value), Deadline: deadline, Version: k.last}
	}
	return versions, nil
}

func (k *least) Scan(ctx context.Context, prefix, from string) iter.Seq2[store.Item, error] {
	return func(yield func(store.Item, error) bool) {
		if err := k.begin(ctx); err != nil {
			yield(store.Item{}, err)
			return
		}
		var found []store.Item
		for key, item := range k.items {
			if strings.HasPrefix(key, prefix) && key >= from {
				item.Value = append([]byte{}, item.Value...)
				found = append(found, item)
			}
		}
		k.mu.Unlock()
		slices.SortFunc(found, func(a, b store.Item) int { return cmp.Compare(a.Key, b.Key) })
		for _, item := range found {
			if err := ctx.Err(); err != nil {
				yield(store.Item{}, err)
				return
			}
			if !yield(item, nil) {
				return
			}
		}
	}
}

func (k *least) Close() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.over = true
	return nil
}
