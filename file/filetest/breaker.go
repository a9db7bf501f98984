package filetest

import (
	"context"
	"errors"
	"iter"

	"github.com/spcent/plumego/store"
)

// breaker is a store.KV that breaks at one commit.
type breaker struct {
	store.KV
	at     int // the commit that breaks; the first is 1
	kind   breakage
	n      int  // commits so far
	broken bool // nothing works any more
}

// breakage says what becomes of a commit, and of what comes after it.
type breakage struct {
	name string
	made bool // the commit was made, though it reports an error
	dies bool // and nothing works from then on, as if the process had been killed
}

func breakages() []breakage {
	return []breakage{
		{"killed before", false, true},
		{"killed behind", true, true},
		{"refused once", false, false},
		{"made, but reported as failed, once", true, false},
	}
}

var errBroken = errors.New("the engine has broken")

func (b *breaker) Commit(ctx context.Context, changes ...store.Change) ([]uint64, error) {
	if b.broken {
		return nil, errBroken
	}
	if b.n++; b.n != b.at {
		return b.KV.Commit(ctx, changes...)
	}
	b.broken = b.kind.dies
	if b.kind.made {
		if _, err := b.KV.Commit(ctx, changes...); err != nil {
			return nil, err
		}
	}
	return nil, errBroken
}

func (b *breaker) Get(ctx context.Context, key string) (store.Item, error) {
	if b.broken {
		return store.Item{}, errBroken
	}
	return b.KV.Get(ctx, key)
}

func (b *breaker) Scan(ctx context.Context, prefix, from string) iter.Seq2[store.Item, error] {
	if b.broken {
		return func(yield func(store.Item, error) bool) { yield(store.Item{}, errBroken) }
	}
	return b.KV.Scan(ctx, prefix, from)
}
