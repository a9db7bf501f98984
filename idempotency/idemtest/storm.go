package idemtest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"

	"github.com/spcent/plumego/store/idempotency"
)

// Storm has goroutines do every one of keys operations with idempotency.Do,
// each in an order of its own, and returns the first error. Those who meet
// wait for each other. effect must have been called once for each key
// afterwards, from 0 to keys-1, whatever the number of goroutines, and of
// stores and processes that run the same storm on the same records.
func Storm(ctx context.Context, s idempotency.Store, goroutines, keys int, effect func(ctx context.Context, key int) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var all sync.WaitGroup
	for range goroutines {
		all.Go(func() {
			for _, key := range rand.Perm(keys) {
				if err := once(ctx, s, key, effect); err != nil {
					cancel(err)
					return
				}
			}
		})
	}
	all.Wait()
	return context.Cause(ctx)
}

// once does one operation of a storm.
func once(ctx context.Context, s idempotency.Store, key int, effect func(ctx context.Context, key int) error) error {
	want := fmt.Sprint("response ", key)
	r, err := idempotency.Do(ctx, s, fmt.Sprint("storm ", key), "f", func(ctx context.Context) ([]byte, error) {
		return []byte(want), effect(ctx, key)
	}, idempotency.Wait(), idempotency.Lease(lease))
	switch {
	case err != nil:
		return fmt.Errorf("key %d: %w", key, err)
	case string(r.Response) != want:
		return fmt.Errorf("key %d: response %q, want %q", key, r.Response, want)
	}
	return nil
}
