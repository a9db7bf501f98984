package dropin

import (
	"context"
	"errors"

	"github.com/spcent/plumego/store/kv"
)

// place is the part of a store that is a drop-in's.
type place struct {
	store  *kv.KVStore
	prefix string
}

// ready returns what speaks against using the place now.
func (p place) ready(ctx context.Context) error {
	if err := kv.CheckPrefix(p.prefix); err != nil {
		return err
	}
	return ctx.Err()
}

// key returns the key of a name, or ErrInvalidKey for one that has none: the
// bare prefix is nobody's key.
func (p place) key(ctx context.Context, name string) (string, error) {
	if err := p.ready(ctx); err != nil {
		return "", err
	}
	if name == "" || len(name) > kv.MaxKeySize-len(p.prefix) {
		return "", kv.ErrInvalidKey
	}
	return p.prefix + name, nil
}

// get returns the value of a name, and whether there is one. For a name that
// has no key there is none.
func (p place) get(ctx context.Context, name string) ([]byte, bool, error) {
	key, err := p.key(ctx, name)
	if err != nil {
		return nil, false, unlessInvalid(err)
	}
	value, err := p.store.Get(key)
	switch {
	case errors.Is(err, kv.ErrKeyNotFound):
		return nil, false, nil
	case err != nil:
		return nil, false, err
	}
	return value, true, nil
}

// delete deletes a name, if it is there.
func (p place) delete(ctx context.Context, name string) error {
	key, err := p.key(ctx, name)
	if err != nil {
		return unlessInvalid(err)
	}
	return p.store.Delete(key)
}

// unlessInvalid returns err unless it says that a name has no key.
func unlessInvalid(err error) error {
	if errors.Is(err, kv.ErrInvalidKey) {
		return nil
	}
	return err
}
