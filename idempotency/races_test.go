package idempotency_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
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

var errOops = errors.New("oops")

func TestRace01ManyClaimManyKeysAndEachRunsOnce(t *testing.T) {
	const goroutines, keys = 100, 50
	play(t, func(t *testing.T, s *stage) {
		var runs [keys]atomic.Int64
		var all sync.WaitGroup
		for g := range goroutines {
			all.Go(func() {
				for i := range keys {
					k := (i + g) % keys
					r, err := s.do(t.Context(), fmt.Sprint(k), func(context.Context) ([]byte, error) {
						runtime.Gosched()
						return fmt.Appendf(nil, "%d ran %d", k, runs[k].Add(1)), nil
					}, idempotency.Wait())
					if err != nil || string(r.Response) != fmt.Sprintf("%d ran 1", k) {
						t.Errorf("key %d: %q, %v", k, r.Response, err)
					}
				}
			})
		}
		all.Wait()
		for k := range runs {
			require.EqualValues(t, 1, runs[k].Load(), "key %d", k)
		}
	})
}

func TestRace02AClaimAtTheVeryEndOfALease(t *testing.T) {
	for _, c := range []struct {
		late  time.Duration
		taken bool
	}{{-1, false}, {0, true}, {1, true}} {
		playByHand(t, func(t *testing.T, s *stage, clock *hand) {
			s.vanish("k")
			clock.pass(lease + c.late)
			r, err := s.do(t.Context(), "k", returns("second", nil))
			var busy *idempotency.InProgressError
			switch {
			case c.taken:
				require.NoError(t, err)
				require.Equal(t, "second", string(r.Response))
				require.True(t, r.TakenOver)
				require.False(t, r.Replayed)
			default:
				require.ErrorAs(t, err, &busy)
				require.ErrorIs(t, err, idempotency.ErrInProgress)
				require.ErrorIs(t, err, store.ErrConflict)
				require.EqualValues(t, 1, busy.RetryAfter)
			}
		})
	}
}

// zombie runs a function whose lease is over when it returns, and another one
// has ended meanwhile as second says.
func zombie(s *stage, clock *hand, first, second func(context.Context) ([]byte, error)) (idempotency.Result, error) {
	return s.do(s.Context(), "k", func(ctx context.Context) ([]byte, error) {
		clock.pass(lease)
		r, err := s.do(s.Context(), "k", second)
		if err == nil {
			require.True(s, r.TakenOver)
		}
		return first(ctx)
	})
}

func TestRace03AZombieCompletesReleasesAndExtends(t *testing.T) {
	for name, first := range map[string]func(context.Context) ([]byte, error){
		"completes":      returns("zombie's", nil),
		"fails for good": returns("", idempotency.Final("code", errOops)),
	} {
		t.Run(name, func(t *testing.T) {
			playByHand(t, func(t *testing.T, s *stage, clock *hand) {
				r, err := zombie(s, clock, first, returns("second's", nil))
				require.NoError(t, err)
				require.True(t, r.Replayed)
				require.Equal(t, "second's", string(r.Response))
				s.wantReplay("k", "second's")
			})
		})
	}
	t.Run("releases", func(t *testing.T) {
		playByHand(t, func(t *testing.T, s *stage, clock *hand) {
			_, err := zombie(s, clock, returns("", errOops), returns("second's", nil))
			require.Equal(t, errOops, err)
			s.wantReplay("k", "second's")
		})
	})
	t.Run("completes while the second works", func(t *testing.T) {
		playByHand(t, func(t *testing.T, s *stage, clock *hand) {
			var token uint64
			r, err := s.do(t.Context(), "k", func(context.Context) ([]byte, error) {
				clock.pass(lease)
				token = s.vanish("k")
				return []byte("zombie's"), nil
			})
			require.ErrorIs(t, err, idempotency.ErrLeaseLost)
			require.Equal(t, "zombie's", string(r.Response))
			s.wantInProgress("k")
			got, err := s.idem.Get(t.Context(), "k")
			require.NoError(t, err)
			require.Equal(t, token, got.Token)
		})
	})
	t.Run("extends", func(t *testing.T) {
		play(t, func(t *testing.T, s *stage) {
			_, err := s.do(t.Context(), "k", func(ctx context.Context) ([]byte, error) {
				require.NoError(t, s.idem.Set(t.Context(), "k", idempotency.Record{Status: idempotency.StatusCompleted, Fingerprint: "f"}))
				<-ctx.Done()
				require.Equal(t, idempotency.ErrLeaseLost, context.Cause(ctx))
				return nil, ctx.Err()
			})
			require.ErrorIs(t, err, idempotency.ErrLeaseLost)
			require.ErrorIs(t, err, context.Canceled)
			s.wantReplay("k", "")
		})
	})
}

func TestRace04ACompletionAndTheSweeperAtTheEdgeOfRetention(t *testing.T) {
	clock := newHand()
	s := newStage(t, kv.Options{InMemory: true, Now: clock.now, SweepInterval: time.Millisecond})
	var recorded, lost int
	for i := range 400 {
		key := fmt.Sprint(i)
		c, err := s.idem.Claim(t.Context(), key, "f", idempotency.Terms{Lease: time.Millisecond, Retention: time.Millisecond})
		require.NoError(t, err)
		var all sync.WaitGroup
		all.Go(func() { clock.pass(2 * time.Millisecond); s.engine.Len() })
		err = s.idem.Complete(t.Context(), key, c.Record.Token, idempotency.Outcome{Status: idempotency.StatusCompleted}, retention)
		all.Wait()
		s.engine.Len()
		switch {
		case err == nil:
			recorded++
			s.wantReplay(key, "")
		case errors.Is(err, idempotency.ErrLeaseLost):
			lost++
			s.wantFree(key)
		default:
			t.Fatal(err)
		}
	}
	t.Logf("%d recorded, %d lost", recorded, lost)

	for late, want := range map[time.Duration]error{-time.Millisecond: nil, 0: idempotency.ErrLeaseLost} {
		key := fmt.Sprint("edge ", late)
		token := s.vanish(key)
		clock.pass(lease + retention + late)
		err := s.idem.Complete(t.Context(), key, token, idempotency.Outcome{Status: idempotency.StatusCompleted}, retention)
		require.ErrorIs(t, err, want)
	}
}

func TestRace05ARetentionShorterThanTheLeaseAndThanTheWork(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		short := []idempotency.Option{idempotency.Retention(time.Second)}
		_, err := s.do(t.Context(), "k", func(ctx context.Context) ([]byte, error) {
			for range 60 {
				time.Sleep(time.Second)
				s.wantInProgress("k")
			}
			return []byte("long"), ctx.Err()
		}, short...)
		require.NoError(t, err)
		time.Sleep(time.Second - time.Millisecond)
		s.wantReplay("k", "long")
		time.Sleep(time.Millisecond)
		r, err := s.do(t.Context(), "k", returns("anew", nil), short...)
		require.NoError(t, err)
		require.False(t, r.TakenOver || r.Replayed)
	})
	playByHand(t, func(t *testing.T, s *stage, clock *hand) {
		r, err := s.do(t.Context(), "k", func(context.Context) ([]byte, error) {
			clock.pass(lease + retention) // without a sign of life
			return []byte("late"), nil
		})
		require.ErrorIs(t, err, idempotency.ErrLeaseLost)
		require.Equal(t, "late", string(r.Response))
		s.wantFree("k")
	})
}

func TestRace06TheClockStepsBackAndForward(t *testing.T) {
	clock, dir := newHand(), t.TempDir()
	reopen := func(s *stage) *stage {
		if s != nil {
			require.NoError(t, s.engine.Close())
		}
		return newStage(t, kv.Options{DataDir: dir, Now: clock.now, Sync: kv.SyncNever})
	}
	s := reopen(nil)
	_, err := s.do(t.Context(), "done", returns("", nil))
	require.NoError(t, err)
	token := s.vanish("k")
	clock.pass(-24 * time.Hour)
	s.wantInProgress("k")
	require.NoError(t, s.idem.Extend(t.Context(), "k", token, 2*lease))
	s = reopen(s)
	s.wantInProgress("k")
	clock.pass(24*time.Hour + 2*lease - 1)
	s.wantInProgress("k")
	clock.pass(1)
	r, err := s.do(t.Context(), "k", returns("second", nil))
	require.NoError(t, err)
	require.True(t, r.TakenOver)

	clock.pass(24 * time.Hour)
	s.wantFree("k")
	s.wantFree("done")
	clock.pass(-48 * time.Hour)
	s.wantFree("k")
	s = reopen(s)
	s.wantFree("done")
	later, err := s.idem.Claim(t.Context(), "k", "f", idempotency.Terms{Lease: lease, Retention: retention})
	require.NoError(t, err)
	require.Equal(t, idempotency.Acquired, later.State)
	require.Greater(t, later.Record.Token, r.Token)
	require.ErrorIs(t, s.idem.Release(t.Context(), "k", token), idempotency.ErrLeaseLost)
}

func TestRace07ATimeThatRoundsToNothingIsNotForEver(t *testing.T) {
	playByHand(t, func(t *testing.T, s *stage, clock *hand) {
		for _, d := range []time.Duration{0, -1, -time.Hour, 1<<63 - 1} {
			_, err := s.do(t.Context(), "k", s.never, idempotency.Lease(d))
			require.ErrorIs(t, err, store.ErrInvalid)
			_, err = s.do(t.Context(), "k", s.never, idempotency.Retention(d))
			require.ErrorIs(t, err, store.ErrInvalid)
		}
		_, err := s.do(t.Context(), "k", returns("", nil), idempotency.Retention(1))
		require.NoError(t, err)
		clock.pass(time.Millisecond)
		s.wantFree("k")

		// The time of a claim passes while it is being written.
		f := func(_ context.Context, commit func() ([]uint64, error), _ []store.Change) ([]uint64, error) {
			clock.pass(2 * time.Millisecond)
			return commit()
		}
		s.onCommit.Store(&f)
		_, err = s.do(t.Context(), "k", s.never, idempotency.Lease(1), idempotency.Retention(1))
		require.ErrorIs(t, err, idempotency.ErrLeaseLost)
		s.wantFree("k")
	})
}

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
				}, idempotency.Wait())
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	require.EqualValues(t, 20, runs.Load())
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
			s.wantFree("k")
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
			require.ErrorIs(t, err, errOops)
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

func TestRace18TheHolderFailsAndOneOfThoseWhoWaitTakesOver(t *testing.T) {
	const waiters, failures = 20, 7
	play(t, func(t *testing.T, s *stage) {
		var runs, working, replayed atomic.Int64
		work := func(context.Context) ([]byte, error) {
			require.EqualValues(t, 1, working.Add(1))
			defer working.Add(-1)
			time.Sleep(lease) // the others get to wait
			if runs.Add(1) <= failures {
				return nil, errOops
			}
			return []byte("done"), nil
		}
		var all sync.WaitGroup
		for range waiters {
			all.Go(func() {
				r, err := s.do(t.Context(), "k", work, idempotency.Wait())
				if errors.Is(err, errOops) {
					return
				}
				require.NoError(t, err)
				require.Equal(t, "done", string(r.Response))
				if r.Replayed {
					replayed.Add(1)
				}
			})
		}
		start := time.Now()
		all.Wait()
		require.EqualValues(t, failures+1, runs.Load())
		require.EqualValues(t, waiters-failures-1, replayed.Load())
		require.Equal(t, (failures+1)*lease, time.Since(start), "one who waits was not woken")
	})
	t.Run("and vanishes", func(t *testing.T) {
		play(t, func(t *testing.T, s *stage) {
			var runs atomic.Int64
			s.vanish("k")
			var all sync.WaitGroup
			for range waiters {
				all.Go(func() {
					r, err := s.do(t.Context(), "k", func(ctx context.Context) ([]byte, error) {
						h, _ := idempotency.FromContext(ctx)
						require.True(t, h.TakenOver)
						runs.Add(1)
						time.Sleep(lease)
						return nil, nil
					}, idempotency.Wait())
					require.NoError(t, err)
					require.True(t, r.TakenOver)
				})
			}
			all.Wait()
			require.EqualValues(t, 1, runs.Load())
		})
	})
}
