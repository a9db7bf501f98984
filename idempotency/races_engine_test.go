package idempotency_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store"
	"github.com/spcent/plumego/store/idempotency"
	"github.com/spcent/plumego/store/kv"
)

func TestRace11TwoStoresOnOneEngine(t *testing.T) {
	dir := t.TempDir()
	_, err := os.Stat(dir)
	require.NoError(t, err)
	s := newStage(t, kv.Options{DataDir: dir, Sync: kv.SyncNever})
	_, err = kv.NewKVStore(kv.Options{DataDir: dir})
	require.ErrorIs(t, err, store.ErrLocked)

	other, err := idempotency.NewKVStore(s.engine.KV(), "idem:")
	require.NoError(t, err)
	var runs atomic.Int64
	var all sync.WaitGroup
	for i := range 32 {
		all.Go(func() {
			for k := range 20 {
				on := []*idempotency.KVStore{s.idem, other}[(i+k)%2]
				_, err := idempotency.Do(t.Context(), on, fmt.Sprint(k), "f", func(context.Context) ([]byte, error) {
					runs.Add(1)
					return nil, nil
				}, idempotency.Wait(), idempotency.Lease(time.Hour))
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	require.EqualValues(t, 20, runs.Load())
}

func TestRace14TheEngineFails(t *testing.T) {
	for _, when := range []moment{before, after} {
		t.Run(map[moment]string{before: "claim, not done", after: "claim, done"}[when], func(t *testing.T) {
			play(t, func(t *testing.T, s *stage) {
				s.fail(errOops, when)
				_, err := s.do(t.Context(), "k", s.never)
				require.ErrorIs(t, err, errOops)
				s.fail(nil, when)
				if when == after { // nobody holds it, but who can know
					s.wantInProgress("k")
					time.Sleep(lease)
				}
				_, err = s.do(t.Context(), "k", returns("", nil))
				require.NoError(t, err)
			})
		})
		t.Run(map[moment]string{before: "completion, not done", after: "completion, done"}[when], func(t *testing.T) {
			play(t, func(t *testing.T, s *stage) {
				r, err := s.do(t.Context(), "k", func(context.Context) ([]byte, error) {
					s.fail(errOops, when)
					return []byte("first"), nil
				})
				require.ErrorIs(t, err, idempotency.ErrNotRecorded)
				require.ErrorIs(t, err, errOops)
				require.Equal(t, "first", string(r.Response))
				s.fail(nil, when)
				if when == after {
					s.wantReplay("k", "first")
					return
				}
				s.wantInProgress("k")
				time.Sleep(lease)
				r, err = s.do(t.Context(), "k", returns("second", nil))
				require.NoError(t, err)
				require.True(t, r.TakenOver)
			})
		})
		t.Run(map[moment]string{before: "release, not done", after: "release, done"}[when], func(t *testing.T) {
			play(t, func(t *testing.T, s *stage) {
				_, err := s.do(t.Context(), "k", func(context.Context) ([]byte, error) {
					s.fail(errOops, when)
					return nil, io.EOF
				})
				require.ErrorIs(t, err, io.EOF)
				require.ErrorIs(t, err, errOops)
				s.fail(nil, when)
				if when == after {
					s.wantFree("k")
					return
				}
				s.wantInProgress("k")
			})
		})
	}
	t.Run("extension, until the lease is over", func(t *testing.T) {
		play(t, func(t *testing.T, s *stage) {
			start := time.Now()
			_, err := s.do(t.Context(), "k", func(ctx context.Context) ([]byte, error) {
				s.fail(errOops, before)
				<-ctx.Done()
				require.Equal(t, lease, time.Since(start))
				require.Equal(t, idempotency.ErrLeaseLost, context.Cause(ctx))
				s.fail(nil, before)
				return nil, ctx.Err()
			})
			require.ErrorIs(t, err, idempotency.ErrLeaseLost)
			// It was interrupted, and whoever comes next is told.
			r, err := s.do(t.Context(), "k", returns("", nil))
			require.NoError(t, err)
			require.True(t, r.TakenOver)
		})
	})
	t.Run("extension, for a while", func(t *testing.T) {
		play(t, func(t *testing.T, s *stage) {
			_, err := s.do(t.Context(), "k", func(ctx context.Context) ([]byte, error) {
				time.Sleep(lease / 6)
				for range 10 {
					s.fail(errOops, before)
					time.Sleep(lease/3 + time.Second)
					s.fail(nil, before)
					time.Sleep(2*lease/3 - time.Second)
				}
				return nil, ctx.Err()
			})
			require.NoError(t, err)
		})
	})
	t.Run("extension, after one that was slow to answer", func(t *testing.T) {
		play(t, func(t *testing.T, s *stage) {
			start := time.Now()
			f := func(_ context.Context, commit func() ([]uint64, error), _ []store.Change) ([]uint64, error) {
				switch at := time.Since(start); {
				case at < lease/3:
					return commit() // the claim
				case at > lease/3:
					return nil, errOops
				}
				defer time.Sleep(lease / 6)
				return commit()
			}
			s.onCommit.Store(&f)
			_, err := s.do(t.Context(), "k", func(ctx context.Context) ([]byte, error) {
				<-ctx.Done()
				require.Equal(t, lease/3+lease, time.Since(start))
				return nil, ctx.Err()
			})
			require.ErrorIs(t, err, idempotency.ErrLeaseLost)
		})
	})
	t.Run("extension, which the outcome does not wait for", func(t *testing.T) {
		play(t, func(t *testing.T, s *stage) {
			var extending atomic.Bool
			f := func(_ context.Context, commit func() ([]uint64, error), _ []store.Change) ([]uint64, error) {
				if extending.CompareAndSwap(true, false) {
					time.Sleep(lease) // and then loses against the outcome
				}
				return commit()
			}
			s.onCommit.Store(&f)
			var ended time.Time
			r, err := s.do(t.Context(), "k", func(ctx context.Context) ([]byte, error) {
				extending.Store(true)
				time.Sleep(lease / 2)
				ended = time.Now()
				return []byte("done"), ctx.Err()
			})
			require.NoError(t, err)
			require.Equal(t, "done", string(r.Response))
			got, err := s.idem.Get(t.Context(), "k")
			require.NoError(t, err)
			require.True(t, ended.Equal(got.CompletedAt))
		})
	})
	t.Run("extension of an outer operation, which is lost", func(t *testing.T) {
		play(t, func(t *testing.T, s *stage) {
			_, err := s.do(t.Context(), "outer", func(ctx context.Context) ([]byte, error) {
				_, err := s.do(ctx, "inner", func(ctx context.Context) ([]byte, error) {
					require.NoError(t, s.idem.Set(t.Context(), "outer", idempotency.Record{Status: idempotency.StatusCompleted}))
					<-ctx.Done()
					return nil, ctx.Err()
				})
				require.Equal(t, context.Canceled, err) // its own lease is not
				s.wantFree("inner")
				return nil, err
			})
			require.ErrorIs(t, err, idempotency.ErrLeaseLost)
		})
	})
	t.Run("extension, which does not return", func(t *testing.T) {
		play(t, func(t *testing.T, s *stage) {
			start := time.Now()
			f := func(ctx context.Context, commit func() ([]uint64, error), changes []store.Change) ([]uint64, error) {
				if time.Since(start) >= lease/3 {
					time.Sleep(10 * lease) // deaf to the context
				}
				return commit()
			}
			s.onCommit.Store(&f)
			_, err := s.do(t.Context(), "k", func(ctx context.Context) ([]byte, error) {
				<-ctx.Done()
				require.Equal(t, lease, time.Since(start))
				return nil, ctx.Err()
			})
			require.ErrorIs(t, err, idempotency.ErrLeaseLost)
		})
	})
}

func TestRace15TheEngineIsClosedDuringTheWork(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		var all sync.WaitGroup
		r, err := s.do(t.Context(), "k", func(context.Context) ([]byte, error) {
			for range 10 {
				all.Go(func() {
					_, err := s.do(t.Context(), "k", s.never, idempotency.Wait())
					if !errors.Is(err, store.ErrClosed) {
						t.Errorf("one who waits: %v", err)
					}
				})
			}
			synctest.Wait()
			require.NoError(t, s.engine.Close())
			return []byte("done"), nil
		})
		require.ErrorIs(t, err, idempotency.ErrNotRecorded)
		require.ErrorIs(t, err, store.ErrClosed)
		require.Equal(t, "done", string(r.Response))
		all.Wait()
	})
}

func TestRace16CompactionAndRotationDuringALiveClaim(t *testing.T) {
	dir := t.TempDir()
	s := newStage(t, kv.Options{DataDir: dir, Sync: kv.SyncNever, SegmentSize: 4 << 10})
	var token uint64
	_, err := s.do(t.Context(), "k", func(ctx context.Context) ([]byte, error) {
		h, ok := idempotency.FromContext(ctx)
		require.True(t, ok)
		token = h.Token
		first, err := s.engine.Inspect(ctx)
		require.NoError(t, err)
		for i := range 500 {
			require.NoError(t, s.engine.Set(fmt.Sprint("noise", i%7), bytes.Repeat([]byte{1}, 200), 0))
		}
		require.NoError(t, s.engine.Compact(ctx))
		last, err := s.engine.Inspect(ctx)
		require.NoError(t, err)
		for _, segment := range last {
			require.NotEqual(t, first[0].File, segment.File, "the claim was not moved")
		}
		require.NoError(t, s.idem.Extend(ctx, "k", token, lease))
		return []byte("done"), nil
	})
	require.NoError(t, err)
	require.NoError(t, s.engine.Compact(t.Context()))
	require.NoError(t, s.engine.Close())
	s = newStage(t, kv.Options{DataDir: dir})
	s.wantReplay("k", "done")
	r, err := s.idem.Get(t.Context(), "k")
	require.NoError(t, err)
	require.Equal(t, token, r.Token)
	require.Greater(t, s.vanish("other"), token)
}
