package idempotency_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store"
	"github.com/spcent/plumego/store/idempotency"
	"github.com/spcent/plumego/store/kv"
	"github.com/spcent/plumego/store/storetest"
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
		playByHand(t, func(t *testing.T, s *stage, clock *storetest.Clock) {
			s.vanish("k")
			clock.Pass(lease + c.late)
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
func zombie(s *stage, clock *storetest.Clock, first, second func(context.Context) ([]byte, error)) (idempotency.Result, error) {
	return s.do(s.Context(), "k", func(ctx context.Context) ([]byte, error) {
		clock.Pass(lease)
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
			playByHand(t, func(t *testing.T, s *stage, clock *storetest.Clock) {
				r, err := zombie(s, clock, first, returns("second's", nil))
				require.NoError(t, err)
				require.True(t, r.Replayed)
				require.Equal(t, "second's", string(r.Response))
				s.wantReplay("k", "second's")
			})
		})
	}
	t.Run("releases", func(t *testing.T) {
		playByHand(t, func(t *testing.T, s *stage, clock *storetest.Clock) {
			_, err := zombie(s, clock, returns("", errOops), returns("second's", nil))
			require.Equal(t, errOops, err)
			s.wantReplay("k", "second's")
		})
	})
	t.Run("completes while the second works", func(t *testing.T) {
		playByHand(t, func(t *testing.T, s *stage, clock *storetest.Clock) {
			var token uint64
			r, err := s.do(t.Context(), "k", func(context.Context) ([]byte, error) {
				clock.Pass(lease)
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
	clock := storetest.NewClock()
	s := newStage(t, kv.Options{InMemory: true, Now: clock.Now, SweepInterval: time.Millisecond})
	var recorded, lost int
	for i := range 400 {
		key := fmt.Sprint(i)
		c, err := s.idem.Claim(t.Context(), key, "f", idempotency.Terms{Lease: time.Millisecond, Retention: time.Millisecond})
		require.NoError(t, err)
		var all sync.WaitGroup
		all.Go(func() { clock.Pass(2 * time.Millisecond); s.engine.Len() })
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
		clock.Pass(lease + retention + late)
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
	playByHand(t, func(t *testing.T, s *stage, clock *storetest.Clock) {
		r, err := s.do(t.Context(), "k", func(context.Context) ([]byte, error) {
			clock.Pass(lease + retention) // without a sign of life
			return []byte("late"), nil
		})
		require.ErrorIs(t, err, idempotency.ErrLeaseLost)
		require.Equal(t, "late", string(r.Response))
		s.wantFree("k")
	})
}

func TestRace06TheClockStepsBackAndForward(t *testing.T) {
	clock, dir := storetest.NewClock(), t.TempDir()
	reopen := func(s *stage) *stage {
		if s != nil {
			require.NoError(t, s.engine.Close())
		}
		return newStage(t, kv.Options{DataDir: dir, Now: clock.Now, Sync: kv.SyncNever})
	}
	s := reopen(nil)
	_, err := s.do(t.Context(), "done", returns("", nil))
	require.NoError(t, err)
	token := s.vanish("k")
	clock.Pass(-24 * time.Hour)
	s.wantInProgress("k")
	require.NoError(t, s.idem.Extend(t.Context(), "k", token, 2*lease))
	s = reopen(s)
	s.wantInProgress("k")
	clock.Pass(24*time.Hour + 2*lease - 1)
	s.wantInProgress("k")
	clock.Pass(1)
	r, err := s.do(t.Context(), "k", returns("second", nil))
	require.NoError(t, err)
	require.True(t, r.TakenOver)

	clock.Pass(24 * time.Hour)
	s.wantFree("k")
	s.wantFree("done")
	clock.Pass(-48 * time.Hour)
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
	playByHand(t, func(t *testing.T, s *stage, clock *storetest.Clock) {
		for _, d := range []time.Duration{0, -1, -time.Hour, 1<<63 - 1} {
			_, err := s.do(t.Context(), "k", s.never, idempotency.Lease(d))
			require.ErrorIs(t, err, store.ErrInvalid)
			_, err = s.do(t.Context(), "k", s.never, idempotency.Retention(d))
			require.ErrorIs(t, err, store.ErrInvalid)
		}
		_, err := s.do(t.Context(), "k", returns("", nil), idempotency.Retention(1))
		require.NoError(t, err)
		clock.Pass(time.Millisecond)
		s.wantFree("k")

		// The time of a claim passes while it is being written.
		f := func(_ context.Context, commit func() ([]uint64, error), _ []store.Change) ([]uint64, error) {
			clock.Pass(2 * time.Millisecond)
			return commit()
		}
		s.onCommit.Store(&f)
		_, err = s.do(t.Context(), "k", s.never, idempotency.Lease(1), idempotency.Retention(1))
		require.ErrorIs(t, err, idempotency.ErrLeaseLost)
		s.wantFree("k")
	})
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
