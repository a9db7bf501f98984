package kv

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/spcent/plumego/store"
	"github.com/spcent/plumego/store/internal/record"
)

// KV returns the store as the interface that the module's adapters stand on.
// It is a view: it holds nothing of its own, its writes follow the policy of
// s, and closing it closes the store. Errors are those of Update, and
// ErrConflict.
func (s *KVStore) KV() store.KV { return storeKV{s} }

// storeKV implements store.KV.
type storeKV struct{ kv *KVStore }

func (k storeKV) Close() error { return k.kv.Close() }

// Now makes it a store.Clock.
func (k storeKV) Now() time.Time { return k.kv.Now() }

func (k storeKV) Get(ctx context.Context, key string) (store.Item, error) {
	if err := ctx.Err(); err != nil {
		return store.Item{}, err
	}
	return k.kv.GetItem(key)
}

func (k storeKV) Commit(ctx context.Context, changes ...store.Change) ([]uint64, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := distinct(changes); err != nil {
		return nil, err
	}
	versions := make([]uint64, len(changes))
	err := k.kv.update(
		func(tx *Tx) error { return tx.change(changes) },
		func(all []mutation) { takeVersions(versions, changes, all) },
	)
	if err != nil {
		return nil, err
	}
	return versions, nil
}

func (k storeKV) Scan(ctx context.Context, prefix, from string) iter.Seq2[store.Item, error] {
	return func(yield func(store.Item, error) bool) {
		for item, err := range k.kv.ScanRange(max(prefix, from), after(prefix)) {
			if done := ctx.Err(); done != nil {
				yield(store.Item{}, done)
				return
			}
			if !yield(item, err) || err != nil {
				return
			}
		}
		if done := ctx.Err(); done != nil {
			yield(store.Item{}, done)
		}
	}
}

// change makes changes if all that they expect is so.
func (t *Tx) change(changes []store.Change) error {
	for _, c := range changes {
		err := t.expect(c)
		switch {
		case err != nil:
		case c.Delete:
			err = t.Delete(c.Key)
		default:
			err = t.SetUntil(c.Key, c.Value, c.Deadline)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// expect returns ErrConflict if a key is not what a change expects.
func (t *Tx) expect(c store.Change) error {
	if c.If == 0 {
		return nil
	}
	item, err := t.GetItem(c.Key)
	switch {
	case errors.Is(err, ErrKeyNotFound):
		item.Version = store.Absent
	case err != nil:
		return err
	}
	if item.Version != c.If {
		return ErrConflict
	}
	return nil
}

// distinct returns an error if two changes have the same key.
func distinct(changes []store.Change) error {
	if len(changes) < 2 {
		return nil
	}
	seen := make(map[string]bool, len(changes))
	for _, c := range changes {
		if seen[c.Key] {
			return errSameKey
		}
		seen[c.Key] = true
	}
	return nil
}

var errSameKey error = sentinel{"kv: two changes of one key", store.ErrInvalid}

// takeVersions finds the versions of changes in the mutations that were made,
// which are in the same order; deletes of what was not there are missing.
func takeVersions(versions []uint64, changes []store.Change, all []mutation) {
	for i, c := range changes {
		if len(all) == 0 || all[0].key != c.Key {
			continue
		}
		if all[0].kind == record.Put {
			versions[i] = all[0].seq
		}
		all = all[1:]
	}
}
