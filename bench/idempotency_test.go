package bench

import (
	"context"
	"fmt"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/spcent/plumego/store"
	"github.com/spcent/plumego/store/idempotency"
	"github.com/spcent/plumego/store/kv"
)

// BenchmarkIdempotency is a guarded operation of a fresh key that does nothing
// but return 256 bytes, and its replay: under SyncAlways a claim and an outcome
// wait for a sync each, a transaction for one.
func BenchmarkIdempotency(b *testing.B) {
	for policy, sync := range map[string]kv.SyncPolicy{"never": kv.SyncNever, "always": kv.SyncAlways} {
		for name, op := range guarded(make([]byte, 256)) {
			for _, goroutines := range []int{1, 16, 64} {
				b.Run(fmt.Sprintf("%s/%s/goroutines=%d", policy, name, goroutines), func(b *testing.B) {
					s, err := kv.NewKVStore(kv.Options{DataDir: b.TempDir(), Sync: sync})
					if err != nil {
						b.Fatal(err)
					}
					defer s.Close()
					idem, err := idempotency.NewKVStore(s.KV(), "idem:")
					if err != nil {
						b.Fatal(err)
					}
					spreadOver(b, goroutines, func(i int64) error { return op(b.Context(), idem, strconv.FormatInt(i, 10)) })
				})
			}
		}
	}
}

type operation func(ctx context.Context, idem *idempotency.KVStore, key string) error

func guarded(response []byte) map[string]operation {
	fn := func(context.Context) ([]byte, error) { return response, nil }
	return map[string]operation{
		"claim+complete": func(ctx context.Context, idem *idempotency.KVStore, key string) error {
			c, err := idem.Claim(ctx, key, "f", idempotency.Terms{Lease: time.Minute, Retention: time.Hour})
			if err != nil {
				return err
			}
			o := idempotency.Outcome{Status: idempotency.StatusCompleted, Response: response}
			return idem.Complete(ctx, key, c.Record.Token, o, time.Hour)
		},
		"do": func(ctx context.Context, idem *idempotency.KVStore, key string) error {
			_, err := idempotency.Do(ctx, idem, key, "f", fn)
			return err
		},
		"doTx": func(ctx context.Context, idem *idempotency.KVStore, key string) error {
			_, err := idempotency.DoTx(ctx, idem, key, "f", func(context.Context) ([]byte, []store.Change, error) {
				return response, []store.Change{{Key: "effect:" + key}}, nil
			})
			return err
		},
		"replay": func(ctx context.Context, idem *idempotency.KVStore, _ string) error {
			_, err := idempotency.Do(ctx, idem, "done", "f", fn)
			return err
		},
	}
}

// spreadOver has goroutines share b.N calls of op, which are numbered, after
// one that is not measured.
func spreadOver(b *testing.B, goroutines int, op func(i int64) error) {
	var next atomic.Int64
	over := make(chan error)
	if err := op(0); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.ResetTimer()
	for range goroutines {
		go func() {
			for {
				i := next.Add(1)
				if i > int64(b.N) {
					over <- nil
					return
				}
				if err := op(i); err != nil {
					over <- err
					return
				}
			}
		}()
	}
	for range goroutines {
		if err := <-over; err != nil {
			b.Error(err)
		}
	}
}
