package kv

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"

	"github.com/spcent/plumego/store"
)

// Codec turns values into bytes and back. Decode must not keep the slice.
// Both must be safe for concurrent use.
type Codec[T any] interface {
	Encode(v T) ([]byte, error)
	Decode(b []byte) (T, error)
}

// NewRepository returns the entities of s whose keys start with prefix, as
// JSON. It is a view: it holds nothing of its own, several may exist at
// once, writes follow the policy of s, and closing s ends it.
//
// The key of an entity is prefix + id, so that "user:" and "42" are the key
// "user:42" everywhere else. The prefix must be one that CheckPrefix takes.
// ("user:" beside "user:admin:" would list each other's entities;
// "user.admin:" does not.) Under any other prefix every method returns
// ErrInvalidOptions. Keys written by other means belong to the repository
// if they start with its prefix.
//
// Put keeps an entity for ever. One that was given a TTL by other means is
// ErrNotFound to the repository once it has expired.
func NewRepository[T any](s *KVStore, prefix string) store.Repository[T] {
	return NewKVRepository[T](s.KV(), prefix)
}

// NewRepositoryWithCodec is NewRepository with another form of the values.
func NewRepositoryWithCodec[T any](s *KVStore, prefix string, codec Codec[T]) store.Repository[T] {
	return NewKVRepositoryWithCodec(s.KV(), prefix, codec)
}

// NewKVRepository is NewRepository on any engine, for when one machine is no
// longer enough. What the engine returns is returned as it is.
func NewKVRepository[T any](kv store.KV, prefix string) store.Repository[T] {
	return NewKVRepositoryWithCodec[T](kv, prefix, jsonCodec[T]{})
}

// NewKVRepositoryWithCodec is NewKVRepository with another form of the values.
func NewKVRepositoryWithCodec[T any](kv store.KV, prefix string, codec Codec[T]) store.Repository[T] {
	return &repository[T]{kv: kv, prefix: prefix, codec: codec}
}

// repository implements store.Repository. It has no state to protect.
type repository[T any] struct {
	kv     store.KV
	prefix string
	codec  Codec[T]
}

func (r *repository[T]) Get(ctx context.Context, id string) (T, error) {
	var none T
	key, err := r.key(ctx, id)
	if err != nil {
		return none, err
	}
	item, err := r.kv.Get(ctx, key)
	if err != nil {
		return none, err
	}
	return r.decode(item.Value)
}

func (r *repository[T]) Put(ctx context.Context, id string, v T) error {
	key, err := r.key(ctx, id)
	if err != nil {
		return err
	}
	b, err := r.codec.Encode(v)
	if err != nil {
		return &codecError{deed: fmt.Sprintf("encode %T", v), cause: err}
	}
	_, err = r.kv.Commit(ctx, store.Change{Key: key, Value: b})
	return err
}

func (r *repository[T]) Delete(ctx context.Context, id string) error {
	key, err := r.key(ctx, id)
	if err != nil {
		return err
	}
	_, err = r.kv.Commit(ctx, store.Change{Key: key, Delete: true})
	return err
}

func (r *repository[T]) List(ctx context.Context) iter.Seq2[store.Entity[T], error] {
	return func(yield func(store.Entity[T], error) bool) {
		if err := r.check(ctx); err != nil {
			yield(store.Entity[T]{}, err)
			return
		}
		for item, err := range r.kv.Scan(ctx, r.prefix, "") {
			if err != nil {
				yield(store.Entity[T]{}, err)
				return
			}
			e := store.Entity[T]{ID: item.Key[len(r.prefix):]}
			if e.ID == "" {
				continue // the bare prefix is a key of somebody else's
			}
			e.Value, err = r.decode(item.Value)
			if !yield(e, err) {
				return
			}
		}
	}
}

// key returns the key of an id, once nothing speaks against using it.
func (r *repository[T]) key(ctx context.Context, id string) (string, error) {
	if err := r.check(ctx); err != nil {
		return "", err
	}
	if id == "" {
		return "", fmt.Errorf("%w: the id is empty", ErrInvalidKey)
	}
	return r.prefix + id, nil
}

func (r *repository[T]) check(ctx context.Context) error {
	if err := CheckPrefix(r.prefix); err != nil {
		return err
	}
	return ctx.Err()
}

func (r *repository[T]) decode(b []byte) (T, error) {
	v, err := r.codec.Decode(b)
	if err != nil {
		return v, &codecError{deed: fmt.Sprintf("decode %T", v), cause: err}
	}
	return v, nil
}

// codecError keeps a codec's error for errors.As but not its text, which
// may quote the value: encoding/json names the character or number it
// stumbled over.
type codecError struct {
	deed  string
	cause error
}

func (e *codecError) Error() string { return "kv: repository: cannot " + e.deed }
func (e *codecError) Unwrap() error { return e.cause }

// jsonCodec is the default form.
type jsonCodec[T any] struct{}

func (jsonCodec[T]) Encode(v T) ([]byte, error) { return json.Marshal(v) }

func (jsonCodec[T]) Decode(b []byte) (v T, err error) {
	err = json.Unmarshal(b, &v)
	return v, err
}
