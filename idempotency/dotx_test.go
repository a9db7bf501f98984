package idempotency_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store"
	"github.com/spcent/plumego/store/idempotency"
	"github.com/spcent/plumego/store/kv"
	"github.com/spcent/plumego/store/storetest"
)

// increment reads a counter and returns the change that makes it one more.
func increment(ctx context.Context, engine store.KV, counter string) ([]byte, []store.Change, error) {
	n, change := 0, store.Change{Key: counter, If: store.Absent}
	switch item, err := engine.Get(ctx, counter); {
	case err == nil:
		n, _ = strconv.Atoi(string(item.Value))
		change.If = item.Version
	case !errors.Is(err, store.ErrNotFound):
		return nil, nil, err
	}
	change.Value = strconv.AppendInt(nil, int64(n+1), 10)
	return change.Value, []store.Change{change}, nil
}

type txFunc = func(context.Context) ([]byte, []store.Change, error)

func (s *stage) doTx(key string, fn txFunc, list ...idempotency.Option) (idempotency.Result, error) {
	return idempotency.DoTx(s.Context(), s.idem, key, "f", fn, append([]idempotency.Option{idempotency.Retention(retention)}, list...)...)
}

func (s *stage) incrementOf(counter string) txFunc {
	return func(ctx context.Context) ([]byte, []store.Change, error) { return increment(ctx, s.KV, counter) }
}

func (s *stage) neverTx(context.Context) ([]byte, []store.Change, error) {
	s.Error("the function was run")
	return nil, nil, nil
}

func (s *stage) wantCounter(counter, want string) {
	s.Helper()
	got, err := s.engine.Get(counter)
	require.NoError(s, err)
	require.Equal(s, want, string(got))
}

func TestTxManyDoManyKeysAndEachIsDoneOnce(t *testing.T) {
	s := newStage(t, kv.Options{InMemory: true})
	const goroutines, keys = 32, 50
	var all sync.WaitGroup
	for g := range goroutines {
		all.Go(func() {
			for i := range keys {
				k := strconv.Itoa((i + g) % keys)
				_, err := s.doTx(k, func(ctx context.Context) ([]byte, []store.Change, error) {
					_, one, err := increment(ctx, s.KV, "n"+k)
					_, sum, failed := increment(ctx, s.KV, "sum")
					return nil, append(one, sum...), errors.Join(err, failed)
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	for k := range keys {
		s.wantCounter(fmt.Sprint("n", k), "1")
	}
	s.wantCounter("sum", strconv.Itoa(keys))
}

func TestTxIsReplayed(t *testing.T) {
	playByHand(t, func(t *testing.T, s *stage, clock *storetest.Clock) {
		r, err := s.doTx("k", s.incrementOf("n"))
		require.NoError(t, err)
		require.Equal(t, "1", string(r.Response))
		again, err := s.doTx("k", s.neverTx)
		require.NoError(t, err)
		require.True(t, again.Replayed && again.Token == r.Token && r.Token != 0)
		s.wantReplay("k", "1")
		_, err = idempotency.DoTx(t.Context(), s.idem, "k", "g", s.neverTx)
		require.ErrorIs(t, err, idempotency.ErrMismatch)
		clock.Pass(retention)
		r, err = s.doTx("k", s.incrementOf("n"))
		require.NoError(t, err)
		require.Equal(t, "2", string(r.Response))
	})
}

// TestTxIsAllOrNothing: whatever the engine says, the counter is what the
// records say.
func TestTxIsAllOrNothing(t *testing.T) {
	for _, when := range []moment{before, after} {
		play(t, func(t *testing.T, s *stage) {
			s.fail(errOops, when)
			_, err := s.doTx("k", s.incrementOf("n"))
			require.ErrorIs(t, err, errOops)
			require.Equal(t, when == after, s.engine.Exists("n"))
			s.fail(nil, when)
			r, err := s.doTx("k", s.incrementOf("n"))
			require.NoError(t, err)
			require.Equal(t, when == after, r.Replayed)
			s.wantCounter("n", "1")
		})
	}
}

func TestTxFailsForGoodOrForNow(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		fails := func(err error) txFunc {
			return func(ctx context.Context) ([]byte, []store.Change, error) {
				response, changes, _ := increment(ctx, s.KV, "n")
				return response, changes, err
			}
		}
		_, err := s.doTx("k", fails(io.EOF))
		require.Equal(t, io.EOF, err)
		_, err = s.doTx("k", fails(idempotency.Unknown(io.EOF)))
		require.ErrorIs(t, err, io.EOF)
		require.Panics(t, func() {
			_, _ = s.doTx("k", func(context.Context) ([]byte, []store.Change, error) { panic(errOops) })
		})
		s.wantFree("k")
		_, err = s.doTx("k", fails(idempotency.Final("code", io.EOF)))
		require.ErrorIs(t, err, io.EOF)
		_, err = s.doTx("k", s.neverTx)
		require.Equal(t, &idempotency.StoredError{Code: "code", Text: "EOF"}, err)
		require.False(t, s.engine.Exists("n"))
	})
}

func TestTxRefuses(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		changes := func(response []byte, changes ...store.Change) txFunc {
			return func(context.Context) ([]byte, []store.Change, error) { return response, changes, nil }
		}
		_, err := s.doTx("k", changes(nil, store.Change{Key: "n"}, store.Change{Key: "idem:k", Delete: true}))
		require.ErrorIs(t, err, idempotency.ErrInvalid)
		_, err = s.doTx("k", changes(nil, store.Change{Key: "n"}, store.Change{Key: "n"}))
		require.ErrorIs(t, err, store.ErrInvalid)
		_, err = s.doTx("k", changes(make([]byte, idempotency.DefaultMaxResponse+1), store.Change{Key: "n"}))
		require.ErrorIs(t, err, idempotency.ErrTooLarge)
		_, err = s.doTx("k", s.neverTx, idempotency.Retention(0))
		require.ErrorIs(t, err, store.ErrInvalid)
		_, err = s.doTx("", s.neverTx)
		require.ErrorIs(t, err, idempotency.ErrInvalidKey)
		_, err = idempotency.DoTx(t.Context(), s.idem, "k", string(make([]byte, 256)), s.neverTx)
		require.ErrorIs(t, err, store.ErrInvalid)
		require.Zero(t, s.engine.Len())
	})
}

// TestTxIsRunAgainWhenOvertaken, and not for ever.
func TestTxIsRunAgainWhenOvertaken(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		runs := 0
		r, err := s.doTx("k", func(ctx context.Context) ([]byte, []store.Change, error) {
			response, changes, err := increment(ctx, s.KV, "n")
			if runs++; runs <= 3 {
				_, failed := s.engine.Incr("n", 10, 0)
				require.NoError(t, failed)
			}
			return response, changes, err
		})
		require.NoError(t, err)
		require.Equal(t, "31", string(r.Response))
		require.Equal(t, 4, runs)

		runs = 0
		_, err = s.doTx("hopeless", func(context.Context) ([]byte, []store.Change, error) {
			runs++
			return nil, []store.Change{{Key: "n", If: store.Absent}}, nil
		})
		require.ErrorIs(t, err, store.ErrConflict)
		require.Equal(t, 1000, runs)
		s.wantCounter("n", "31")
	})
}

// TestTxMeetsDo on one key, whoever comes first.
func TestTxMeetsDo(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		var waited atomic.Bool
		var all sync.WaitGroup
		_, err := s.do(t.Context(), "k", func(context.Context) ([]byte, error) {
			_, err := s.doTx("k", s.neverTx)
			var busy *idempotency.InProgressError
			require.ErrorAs(t, err, &busy)
			require.Equal(t, lease, busy.RetryAfter)
			all.Go(func() {
				r, err := s.doTx("k", s.neverTx, idempotency.Wait())
				require.NoError(t, err)
				require.Equal(t, "do", string(r.Response))
				waited.Store(true)
			})
			synctest.Wait()
			return []byte("do"), nil
		})
		require.NoError(t, err)
		all.Wait()
		require.True(t, waited.Load())
	})
	play(t, func(t *testing.T, s *stage) { // Do loses the key while it works
		s.vanish("k")
		time.Sleep(lease)
		_, err := s.doTx("k", s.neverTx, idempotency.AtMostOnce())
		require.Equal(t, idempotency.ErrOutcomeUnknown, err)
		r, err := s.doTx("k", func(ctx context.Context) ([]byte, []store.Change, error) {
			h, ok := idempotency.FromContext(ctx)
			require.True(t, ok && h.TakenOver)
			return increment(ctx, s.KV, "n")
		})
		require.NoError(t, err)
		require.True(t, r.TakenOver)
		s.wantReplay("k", "1")
	})
	play(t, func(t *testing.T, s *stage) { // Do claims while the transaction runs
		_, err := s.doTx("k", func(ctx context.Context) ([]byte, []store.Change, error) {
			s.vanish("k")
			return increment(ctx, s.KV, "n")
		})
		require.ErrorIs(t, err, idempotency.ErrInProgress)
		require.False(t, s.engine.Exists("n"))
	})
}
