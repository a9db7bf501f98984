package ratelimit_test

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store/kv"
	"github.com/spcent/plumego/store/kv/ratelimit"
)

// each runs a test on every kind of limiter.
func each(t *testing.T, test func(t *testing.T, h *house)) {
	for _, kind := range makers() {
		t.Run(kind.name, func(t *testing.T) { test(t, newHouse(t, kind)) })
	}
}

// TestAsManyAsTheLimitSays lets many ask at once, in window after window, on
// handles of different policies.
func TestAsManyAsTheLimitSays(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		durable, err := h.kind.make(h.store.WithSync(kv.SyncAlways))
		require.NoError(t, err)
		for round := range 100 {
			l := h.limiter
			if round%10 == 9 {
				l = durable
			}
			var allowed atomic.Int64
			var all sync.WaitGroup
			for range 8 {
				all.Go(func() {
					for range limit {
						d, err := l.Allow("client")
						if err != nil {
							t.Error(err)
						}
						if d.Allowed {
							allowed.Add(1)
						}
					}
				})
			}
			all.Wait()
			require.Equal(t, int64(limit), allowed.Load(), "round %d", round)
			h.pass(2 * window)
		}
	})
}

// TestNoneIsToldToWaitForNothing asks at the limit while time goes on: who is
// refused is told to wait, and who is allowed is not.
func TestNoneIsToldToWaitForNothing(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				for range 500 {
					h.pass(time.Millisecond)
					d, err := h.Allow("client")
					if err != nil || d.Allowed && d.RetryAfter != 0 || d.Remaining < 0 || d.Reset.IsZero() {
						t.Errorf("%+v, %v", d, err)
					}
				}
			})
		}
		all.Wait()
	})
}

func TestRefusingWritesNothing(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		for range limit {
			require.True(t, h.ask().Allowed)
		}
		before := h.store.Stats().AppendedBytes
		for range 1000 {
			require.False(t, h.ask().Allowed)
		}
		require.Equal(t, before, h.store.Stats().AppendedBytes)
	})
}

// TestClientsThatStayAwayAreForgotten has each of many clients ask once.
func TestClientsThatStayAwayAreForgotten(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		for _, client := range strings.Split("abcdefghij", "") {
			d, err := h.Allow(client)
			require.NoError(t, err)
			require.Equal(t, limit-1, d.Remaining, "each has its own")
		}
		require.Equal(t, 10, h.store.Len())
		h.pass(2 * window)
		require.Zero(t, h.store.Len())
	})
}

func TestForgiven(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		for range limit + 1 {
			h.ask()
		}
		prefix := map[string]string{"fixed window": "fixed:", "sliding window": "sliding:", "GCRA": "gcra:"}[h.kind.name]
		require.NoError(t, h.store.Delete(prefix+"client"))
		require.Equal(t, limit-1, h.ask().Remaining)
	})
}

// TestAClockSetBackWhileClosed frees nobody and locks nobody out.
func TestAClockSetBackWhileClosed(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		for range limit {
			require.True(t, h.ask().Allowed)
		}
		require.NoError(t, h.store.Close())
		h.pass(-window / 2)
		h.open()
		d := h.ask()
		require.False(t, d.Allowed)
		require.LessOrEqual(t, d.RetryAfter, 2*window)
		h.pass(window/2 + d.RetryAfter) // an injected clock stands until it has caught up
		require.True(t, h.ask().Allowed)
	})
}

// TestAnotherLimit changes a limit under clients that have used the old one
// up.
func TestAnotherLimit(t *testing.T) {
	halve := map[string]func(*kv.KVStore) (limiter, error){
		"fixed window": func(s *kv.KVStore) (limiter, error) {
			return ratelimit.NewFixedWindow(s, "fixed:", limit/2, window/2)
		},
		"sliding window": func(s *kv.KVStore) (limiter, error) {
			return ratelimit.NewSlidingWindow(s, "sliding:", limit/2, window/2)
		},
		"GCRA": func(s *kv.KVStore) (limiter, error) { return ratelimit.NewGCRA(s, "gcra:", window/limit, limit/2) },
	}
	each(t, func(t *testing.T, h *house) {
		for range limit {
			require.True(t, h.ask().Allowed)
		}
		var err error
		h.limiter, err = halve[h.kind.name](h.store)
		require.NoError(t, err)
		d := h.ask()
		require.False(t, d.Allowed)
		require.Zero(t, d.Remaining)
		h.pass(d.RetryAfter - 1)
		require.False(t, h.ask().Allowed)
		h.pass(1)
		require.True(t, h.ask().Allowed)
	})
}

func TestWhatIsNotTheLimiters(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		for _, value := range []string{"", "x", "1 2", "1 2 3 4", "1 2 -3", "1 2 x", "99999999999999999999"} {
			for _, prefix := range []string{"fixed:", "sliding:", "gcra:"} {
				require.NoError(t, h.store.Set(prefix+"client", []byte(value), time.Hour))
			}
			d, err := h.Allow("client")
			require.ErrorIs(t, err, kv.ErrNotInteger, value)
			require.Zero(t, d, "refused")
		}
		for _, prefix := range []string{"fixed:", "sliding:"} {
			require.NoError(t, h.store.Set(prefix+"client", []byte("9"), 0)) // a window without end
		}
		if h.kind.name != "GCRA" {
			_, err := h.Allow("client")
			require.ErrorIs(t, err, kv.ErrNotInteger)
		}
	})
}

func TestErrorsRefuse(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		d, err := h.Allow(strings.Repeat("x", kv.MaxKeySize))
		require.ErrorIs(t, err, kv.ErrInvalidKey)
		require.Zero(t, d)
		require.NoError(t, h.store.Close())
		d, err = h.Allow("client")
		require.ErrorIs(t, err, kv.ErrStoreClosed)
		require.Zero(t, d)
		h.open()
	})
}

func TestOptions(t *testing.T) {
	s, err := kv.NewKVStore(kv.Options{InMemory: true})
	require.NoError(t, err)
	defer s.Close()
	for _, c := range []struct {
		name   string
		prefix string
		limit  int
		window time.Duration
	}{
		{"no prefix", "", 1, time.Second},
		{"a prefix that could begin another", "a", 1, time.Second},
		{"no limit", "a:", 0, time.Second},
		{"a negative limit", "a:", -1, time.Second},
		{"no window", "a:", 1, 0},
		{"a negative window", "a:", 1, -time.Second},
		{"a window that is too long", "a:", 1, 1 << 62},
	} {
		t.Run(c.name, func(t *testing.T) {
			fixed, err := ratelimit.NewFixedWindow(s, c.prefix, c.limit, c.window)
			require.ErrorIs(t, err, kv.ErrInvalidOptions)
			require.Nil(t, fixed)
			sliding, err := ratelimit.NewSlidingWindow(s, c.prefix, c.limit, c.window)
			require.ErrorIs(t, err, kv.ErrInvalidOptions)
			require.Nil(t, sliding)
			gcra, err := ratelimit.NewGCRA(s, c.prefix, c.window, c.limit)
			require.ErrorIs(t, err, kv.ErrInvalidOptions)
			require.Nil(t, gcra)
		})
	}
	_, err = ratelimit.NewFixedWindow(s, "a:", 1, time.Second+1)
	require.ErrorIs(t, err, kv.ErrInvalidOptions, "a part of a millisecond")
	_, err = ratelimit.NewSlidingWindow(s, "a:", 1<<31-1, 90*365*24*time.Hour)
	require.ErrorIs(t, err, kv.ErrInvalidOptions, "limit times window")
	_, err = ratelimit.NewGCRA(s, "a:", 24*time.Hour, 1<<31-1)
	require.ErrorIs(t, err, kv.ErrInvalidOptions, "interval times burst")
}
