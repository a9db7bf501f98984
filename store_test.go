package store_test

import (
	"context"
	"errors"
	"iter"
	"maps"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store"
	"github.com/spcent/plumego/store/internal/repotest"
)

// users is the least that fulfils the contract: a map and a lock. It shows
// that the contract asks for nothing that only the engine can do.
type users struct {
	mu   sync.Mutex // protects byID
	byID map[string]repotest.User
}

func (u *users) Get(ctx context.Context, id string) (repotest.User, error) {
	if err := check(ctx, id); err != nil {
		return repotest.User{}, err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	v, ok := u.byID[id]
	if !ok {
		return repotest.User{}, store.ErrNotFound
	}
	return clone(v), nil
}

func (u *users) Put(ctx context.Context, id string, v repotest.User) error {
	if err := check(ctx, id); err != nil {
		return err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.byID[id] = clone(v)
	return nil
}

func (u *users) Delete(ctx context.Context, id string) error {
	if err := check(ctx, id); err != nil {
		return err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.byID, id)
	return nil
}

func (u *users) List(ctx context.Context) iter.Seq2[store.Entity[repotest.User], error] {
	return func(yield func(store.Entity[repotest.User], error) bool) {
		u.mu.Lock()
		all := maps.Clone(u.byID)
		u.mu.Unlock()
		for _, id := range slices.Sorted(maps.Keys(all)) {
			if ctx.Err() != nil {
				break
			}
			if !yield(store.Entity[repotest.User]{ID: id, Value: clone(all[id])}, nil) {
				return
			}
		}
		if err := ctx.Err(); err != nil {
			yield(store.Entity[repotest.User]{}, err)
		}
	}
}

func check(ctx context.Context, id string) error {
	if id == "" {
		return store.ErrInvalid
	}
	return ctx.Err()
}

func clone(u repotest.User) repotest.User {
	u.Tags = slices.Clone(u.Tags)
	return u
}

func TestRepositoryContractHoldsForAMap(t *testing.T) {
	repotest.Run(t, func(*testing.T) store.Repository[repotest.User] {
		return &users{byID: make(map[string]repotest.User)}
	})
}

func TestErrorKindsAreDistinct(t *testing.T) {
	kinds := []error{
		store.ErrNotFound, store.ErrInvalid, store.ErrClosed, store.ErrReadOnly,
		store.ErrLocked, store.ErrNoSpace, store.ErrCorrupt,
	}
	for i, a := range kinds {
		require.Regexp(t, `^store: [a-z]`, a.Error())
		for j, b := range kinds {
			require.Equal(t, i == j, errors.Is(a, b), "errors.Is(%v, %v)", a, b)
		}
	}
}
