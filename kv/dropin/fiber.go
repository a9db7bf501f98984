package dropin

import (
	"context"
	"time"

	"github.com/spcent/plumego/store/kv"
)

// FiberStorage keeps what github.com/gofiber/fiber and its middleware store:
// sessions, limits, cached answers, CSRF tokens. It is a fiber.Storage, of
// version 2 and of version 3.
//
//	storage := dropin.NewFiberStorage(store, "limit:")
//	app := fiber.New()
//	app.Use(limiter.New(limiter.Config{Max: 20, Storage: storage}))
//
// Give each middleware a prefix of its own: they do not name their keys so
// that they keep apart, and Reset takes all of one prefix.
type FiberStorage struct{ place }

// NewFiberStorage returns the entries of s whose keys start with prefix.
func NewFiberStorage(s *kv.KVStore, prefix string) *FiberStorage {
	return &FiberStorage{place{s, prefix}}
}

// Get is GetWithContext without a context.
func (s *FiberStorage) Get(key string) ([]byte, error) {
	return s.GetWithContext(context.Background(), key)
}

// GetWithContext returns the value of key, which the caller owns, or nil and
// no error if it has none.
func (s *FiberStorage) GetWithContext(ctx context.Context, key string) ([]byte, error) {
	value, _, err := s.get(ctx, key)
	return value, err
}

// Set is SetWithContext without a context.
func (s *FiberStorage) Set(key string, val []byte, exp time.Duration) error {
	return s.SetWithContext(context.Background(), key, val, exp)
}

// SetWithContext keeps val under key for exp, to the millisecond; 0 is for
// ever, and after a negative time, which is over already, there is no value.
// An empty key or value changes nothing. Errors are those of kv's Set.
func (s *FiberStorage) SetWithContext(ctx context.Context, key string, val []byte, exp time.Duration) error {
	if key == "" || len(val) == 0 {
		return s.ready(ctx)
	}
	if exp < 0 {
		return s.delete(ctx, key)
	}
	k, err := s.key(ctx, key)
	if err != nil {
		return err
	}
	return s.store.Set(k, val, exp)
}

// Delete is DeleteWithContext without a context.
func (s *FiberStorage) Delete(key string) error {
	return s.DeleteWithContext(context.Background(), key)
}

// DeleteWithContext deletes key. That it has no value is no error.
func (s *FiberStorage) DeleteWithContext(ctx context.Context, key string) error {
	return s.delete(ctx, key)
}

// Reset is ResetWithContext without a context.
func (s *FiberStorage) Reset() error { return s.ResetWithContext(context.Background()) }

// ResetWithContext deletes every key of this storage, and no other of the
// store. It is not one step; see kv's DeletePrefix.
func (s *FiberStorage) ResetWithContext(ctx context.Context) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	_, err := s.store.DeletePrefix(s.prefix)
	return err
}

// Close does nothing, as often as it is called: the store is closed by whoever
// opened it, when all who share it are done.
func (s *FiberStorage) Close() error { return nil }
