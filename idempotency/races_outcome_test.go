package idempotency_test

import (
	"bytes"
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store"
	"github.com/spcent/plumego/store/idempotency"
	"github.com/spcent/plumego/store/kv"
)

func TestRace09AMismatchInProgressAndAfterCompletion(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		mismatch := func(list ...idempotency.Option) {
			t.Helper()
			_, err := idempotency.Do(t.Context(), s.idem, "k", "g", s.never, list...)
			require.ErrorIs(t, err, idempotency.ErrMismatch)
		}
		_, err := s.do(t.Context(), "k", func(context.Context) ([]byte, error) {
			mismatch()
			mismatch(idempotency.Wait())
			return nil, errOops
		})
		require.Equal(t, errOops, err)
		s.vanish("k")
		time.Sleep(lease)
		mismatch()
		mismatch(idempotency.AtMostOnce())
		_, err = s.do(t.Context(), "k", returns("", idempotency.Final("", errOops)))
		require.ErrorIs(t, err, errOops)
		mismatch()
	})
}

func TestRace10ResponsesAreKeptToTheByte(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		for i, response := range [][]byte{nil, {}, {0}, bytes.Repeat([]byte{7}, idempotency.DefaultMaxResponse)} {
			key := fmt.Sprint(i)
			first, err := s.do(t.Context(), key, func(context.Context) ([]byte, error) { return bytes.Clone(response), nil })
			require.NoError(t, err)
			require.Equal(t, response, first.Response)
			for range 2 {
				again, err := s.do(t.Context(), key, s.never)
				require.NoError(t, err)
				require.Equal(t, response, again.Response)
				for _, b := range [][]byte{first.Response, again.Response} {
					if len(b) > 0 {
						b[0]++
					}
					_ = append(b, 1)
				}
			}
		}
	})
	// Too large for the store, and for an engine that takes less than the store.
	for engineTakes, want := range map[int64]error{0: idempotency.ErrTooLarge, 1 << 10: kv.ErrValueTooLarge} {
		s := newStage(t, kv.Options{InMemory: true, MaxValueSize: engineTakes})
		large := make([]byte, idempotency.DefaultMaxResponse+1-int(min(1, engineTakes)))
		r, err := s.do(t.Context(), "large", func(context.Context) ([]byte, error) { return large, nil })
		require.ErrorIs(t, err, idempotency.ErrNotRecorded)
		require.ErrorIs(t, err, want)
		require.Len(t, r.Response, len(large))
		_, err = s.do(t.Context(), "large", s.never)
		var stored *idempotency.StoredError
		require.ErrorAs(t, err, &stored)
		require.Equal(t, idempotency.CodeTooLarge, stored.Code)
	}
}

func TestRace12CancelledBeforeDuringAndAfter(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := s.do(ctx, "before", s.never)
		require.ErrorIs(t, err, context.Canceled)
		s.wantFree("before")
	})
	play(t, func(t *testing.T, s *stage) {
		ctx, cancel := context.WithCancel(t.Context())
		f := func(_ context.Context, commit func() ([]uint64, error), _ []store.Change) ([]uint64, error) {
			defer cancel() // the claim is made
			return commit()
		}
		s.onCommit.Store(&f)
		_, err := s.do(ctx, "k", s.never)
		require.ErrorIs(t, err, context.Canceled)
		s.wantFree("k")
	})
	play(t, func(t *testing.T, s *stage) {
		ctx, cancel := context.WithCancel(t.Context())
		_, err := s.do(ctx, "during", func(ctx context.Context) ([]byte, error) {
			cancel()
			<-ctx.Done()
			return nil, ctx.Err()
		})
		require.Equal(t, context.Canceled, err)
		s.wantFree("during")
	})
	play(t, func(t *testing.T, s *stage) {
		ctx, cancel := context.WithTimeout(t.Context(), lease/2)
		defer cancel()
		_, err := s.do(ctx, "at most once", func(ctx context.Context) ([]byte, error) {
			<-ctx.Done()
			return nil, fmt.Errorf("payment: %w", ctx.Err())
		}, idempotency.AtMostOnce())
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorIs(t, err, idempotency.ErrOutcomeUnknown)
		time.Sleep(lease)
		_, err = s.do(t.Context(), "at most once", s.never)
		require.Equal(t, idempotency.ErrOutcomeUnknown, err)
	})
	play(t, func(t *testing.T, s *stage) {
		ctx, cancel := context.WithCancel(t.Context())
		r, err := s.do(ctx, "after", func(context.Context) ([]byte, error) {
			defer cancel()
			return []byte("done"), nil
		})
		require.NoError(t, err)
		require.Equal(t, "done", string(r.Response))
		s.wantReplay("after", "done")
	})
	play(t, func(t *testing.T, s *stage) {
		_, err := s.do(t.Context(), "k", func(ctx context.Context) ([]byte, error) {
			waiting, cancel := context.WithTimeout(t.Context(), 2*lease)
			defer cancel()
			_, err := s.do(waiting, "k", s.never, idempotency.Wait())
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.ErrorIs(t, err, idempotency.ErrInProgress)
			return []byte("undisturbed"), ctx.Err()
		})
		require.NoError(t, err)
		s.wantReplay("k", "undisturbed")
	})
}

func TestRace13PanicAndGoexit(t *testing.T) {
	ends := map[string]func(){"panic": func() { panic(errOops) }, "Goexit": runtime.Goexit}
	for name, end := range ends {
		run := func(s *stage, list ...idempotency.Option) (recovered any) {
			var all sync.WaitGroup
			all.Go(func() {
				defer func() { recovered = recover() }()
				_, _ = s.do(s.Context(), "k", func(context.Context) ([]byte, error) { end(); return nil, nil }, list...)
				s.Error("Do has returned")
			})
			all.Wait()
			if name == "panic" {
				require.Equal(s, any(errOops), recovered)
			}
			return recovered
		}
		t.Run(name, func(t *testing.T) {
			play(t, func(t *testing.T, s *stage) {
				run(s)
				s.wantFree("k")
				_, err := s.do(t.Context(), "k", returns("again", nil))
				require.NoError(t, err)
			})
			play(t, func(t *testing.T, s *stage) {
				run(s, idempotency.KeepOnPanic())
				s.wantInProgress("k")
				time.Sleep(lease)
				r, err := s.do(t.Context(), "k", returns("again", nil))
				require.NoError(t, err)
				require.True(t, r.TakenOver)
			})
			play(t, func(t *testing.T, s *stage) {
				run(s, idempotency.AtMostOnce())
				s.wantInProgress("k")
				time.Sleep(lease)
				_, err := s.do(t.Context(), "k", s.never)
				require.Equal(t, idempotency.ErrOutcomeUnknown, err)
			})
		})
	}
}

func TestRace17SeparatorsInNamesMakeNoTwoKeysOne(t *testing.T) {
	parts := []string{"", "a", "b", "|", "||", "a|b", "%", "%7C", "%7c", "%25", "a%7Cb", "\\", ":", "ab"}
	seen := map[string][]string{}
	for _, a := range parts {
		for _, b := range parts {
			for _, list := range [][]string{{a}, {a, b}, {a, b, ""}, {"", a, b}, {a, "a", b}} {
				key := idempotency.JoinKey(list...)
				if before, ok := seen[key]; ok {
					require.Equal(t, before, list, key)
				}
				seen[key] = list
			}
		}
	}
	require.Equal(t, "tenant|POST|/orders", idempotency.JoinKey("tenant", "POST", "/orders"))

	prints := map[string]string{}
	for _, a := range parts {
		for _, b := range parts {
			for _, c := range []string{"", "x"} {
				print := idempotency.Fingerprint([]byte(a), []byte(b), []byte(c))
				list := strings.Join([]string{a, b, c}, "\x00")
				if before, ok := prints[print]; ok {
					require.Equal(t, before, list)
				}
				prints[print] = list
			}
		}
	}
	require.NotEqual(t, idempotency.Fingerprint(), idempotency.Fingerprint(nil))

	// Stores with other prefixes share no key either; see
	// TestStoresShareAnEngine.
}
