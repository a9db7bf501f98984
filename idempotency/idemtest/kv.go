package idemtest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/spcent/plumego/store"
	"github.com/spcent/plumego/store/idempotency"
	"github.com/spcent/plumego/store/storetest"
)

// prefix is that of the stores that RunKV makes.
const prefix = "idem:"

// RunKV holds an engine to what stands on it here: Run on an
// idempotency.KVStore, and what DoTx promises. open returns an empty engine that
// judges deadlines by now, which may be called from any goroutine; it is called
// once per case. The case closes it.
func RunKV(t *testing.T, open func(t *testing.T, now func() time.Time) store.KV) {
	on := func(t *testing.T, now func() time.Time) (store.KV, *idempotency.KVStore) {
		t.Helper()
		kv := open(t, now)
		t.Cleanup(func() {
			if err := kv.Close(); err != nil {
				t.Errorf("Close: %v", err)
			}
		})
		s, err := idempotency.NewKVStore(kv, prefix, idempotency.WithClock(now))
		if err != nil {
			t.Fatalf("NewKVStore: %v", err)
		}
		return kv, s
	}
	Run(t, func(t *testing.T, now func() time.Time) idempotency.Store {
		_, s := on(t, now)
		return s
	})
	t.Run("a storm of transactions has each effect once", func(t *testing.T) {
		kv, s := on(t, storetest.NewClock().Now)
		wantErr(t, "StormTx", StormTx(context.Background(), kv, s, rivals, 30), nil)
	})
	t.Run("a transaction that meets what it does not expect changes nothing", func(t *testing.T) {
		kv, s := on(t, storetest.NewClock().Now)
		changesNothing(t, kv, s)
	})
}

func changesNothing(t *testing.T, kv store.KV, s *idempotency.KVStore) {
	ctx := context.Background()
	if _, err := kv.Commit(ctx, store.Change{Key: "there"}); err != nil {
		t.Fatalf("Commit: %v", err)
	}
	runs, enough := 0, errors.New("enough")
	_, err := idempotency.DoTx(ctx, s, "k", "f", func(context.Context) ([]byte, []store.Change, error) {
		if runs++; runs > 3 {
			return nil, nil, enough
		}
		return nil, []store.Change{{Key: "new"}, {Key: "there", If: store.Absent}}, nil
	})
	wantErr(t, "DoTx", err, enough)
	wantMissing(t, s, "k")
	_, err = kv.Get(ctx, "new")
	wantErr(t, "Get", err, store.ErrNotFound)
}

// StormTx is Storm with idempotency.DoTx, and with effects of its own: it
// counts, in kv, how often each operation was done, and returns an error unless
// each was done once. s must stand on kv. Stores and processes may run the same
// storm at once.
func StormTx(ctx context.Context, kv store.KV, s *idempotency.KVStore, goroutines, keys int) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var all sync.WaitGroup
	for range goroutines {
		all.Go(func() {
			for _, key := range rand.Perm(keys) {
				if err := onceTx(ctx, kv, s, fmt.Sprint("storm tx ", key)); err != nil {
					cancel(err)
					return
				}
			}
		})
	}
	all.Wait()
	return context.Cause(ctx)
}

// onceTx does one operation of a storm. Whoever comes, the count is 1 when it
// is over.
func onceTx(ctx context.Context, kv store.KV, s *idempotency.KVStore, key string) error {
	counter := "effect of " + key
	r, err := idempotency.DoTx(ctx, s, key, "f", func(ctx context.Context) ([]byte, []store.Change, error) {
		count, version, err := countOf(ctx, kv, counter)
		value := strconv.AppendInt(nil, int64(count+1), 10)
		return value, []store.Change{{Key: counter, Value: value, If: version}}, err
	})
	if err != nil {
		return fmt.Errorf("%s: %w", key, err)
	}
	count, _, err := countOf(ctx, kv, counter)
	if err == nil && (count != 1 || string(r.Response) != "1") {
		err = fmt.Errorf("%s: done %d times, response %q", key, count, r.Response)
	}
	return err
}

// countOf returns a counter, and its version.
func countOf(ctx context.Context, kv store.KV, counter string) (count int, version uint64, err error) {
	item, err := kv.Get(ctx, counter)
	if errors.Is(err, store.ErrNotFound) {
		return 0, store.Absent, nil
	}
	if err != nil {
		return 0, 0, err
	}
	count, err = strconv.Atoi(string(item.Value))
	return count, item.Version, err
}
