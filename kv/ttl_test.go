package kv

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestTrap05NeverEarly gives keys ttls around whole milliseconds, at moments
// around whole milliseconds. A key lives for all of its ttl and dies within
// the millisecond after it.
func TestTrap05NeverEarly(t *testing.T) {
	clock := newHandClock()
	s := mustOpen(t, Options{InMemory: true, SweepInterval: -1, Now: clock.now})
	for _, since := range []time.Duration{0, 1, 500_000, 999_999} {
		for _, ttl := range []time.Duration{1, 999_999, 1_000_000, 1_000_001, 1_500_000, 7_000_000, time.Second + 1} {
			name := fmt.Sprintf("ttl %d ns, set %d ns after a millisecond", ttl, since)
			clock.set(clock.now().Truncate(time.Millisecond).Add(time.Millisecond + since))
			born := clock.now()
			require.NoError(t, s.Set("key", nil, ttl))
			left, err := s.TTL("key")
			require.NoError(t, err)
			require.GreaterOrEqual(t, left+time.Duration(since), ttl, name)

			clock.set(born.Add(ttl - 1))
			require.True(t, s.Exists("key"), "%s: died early", name)
			clock.set(born.Add(ttl).Add(time.Millisecond - 1).Truncate(time.Millisecond))
			require.False(t, s.Exists("key"), "%s: alive a whole millisecond too long", name)
		}
	}
	require.NoError(t, s.Close())
}

// TestTrap05ExactAcrossARestart holds the last millisecond of a key's life,
// and the first after it, before and after reopening.
func TestTrap05ExactAcrossARestart(t *testing.T) {
	clock := newHandClock()
	opts := inDir(t.TempDir())
	opts.Now = clock.now
	s := mustOpen(t, opts)
	deadline := clock.now().Add(90 * time.Second)
	require.NoError(t, s.Set("by ttl", []byte("v"), 90*time.Second))
	require.NoError(t, s.SetUntil("by deadline", []byte("v"), deadline))
	require.NoError(t, s.Set("touched", []byte("v"), 0))
	require.NoError(t, s.Expire("touched", 90*time.Second))
	for _, key := range []string{"by ttl", "by deadline", "touched"} {
		clock.set(deadline.Add(-time.Millisecond))
		left, err := s.TTL(key)
		require.NoError(t, err, key)
		require.Equal(t, time.Millisecond, left, key)
	}
	require.NoError(t, s.Close())
	s = mustOpenAgain(t, opts)
	require.Equal(t, 3, s.Len(), "in the last millisecond, after a restart")
	clock.pass(time.Millisecond)
	for key := range map[string]bool{"by ttl": true, "by deadline": true, "touched": true} {
		_, err := s.Get(key)
		require.ErrorIs(t, err, ErrKeyExpired, key)
	}
	require.NoError(t, s.Close())
	s = mustOpenAgain(t, opts)
	requireHoldings(t, ledger{}, s, "at the deadline, after a restart")
	require.NoError(t, s.Close())
}

// TestExpire changes deadlines without touching values.
func TestExpire(t *testing.T) {
	clock := newHandClock()
	opts := inDir(t.TempDir())
	opts.Now = clock.now
	s := mustOpen(t, opts)
	require.ErrorIs(t, s.Expire("missing", time.Hour), ErrKeyNotFound)
	require.NoError(t, s.Set("shorter", []byte("a"), time.Hour))
	require.NoError(t, s.Expire("shorter", time.Minute))
	require.NoError(t, s.Set("longer", []byte("b"), time.Minute))
	require.NoError(t, s.Expire("longer", time.Hour))
	require.NoError(t, s.Set("permanent", []byte("c"), time.Minute))
	require.NoError(t, s.Expire("permanent", 0))
	require.ErrorIs(t, s.Expire("longer", -1), ErrInvalidTTL)
	hour := clock.in(time.Hour)
	want := ledger{"shorter": {"a", clock.in(time.Minute)}, "longer": {"b", hour}, "permanent": {value: "c"}}
	requireHoldings(t, want, s, "touched")
	clock.pass(time.Minute)
	for range 2 {
		requireHoldings(t, ledger{"longer": {"b", hour}, "permanent": {value: "c"}}, s, "a minute later")
		require.NoError(t, s.Close())
		s = mustOpenAgain(t, opts)
	}
	require.NoError(t, s.Close())
}

// TestDeadlines gives every kind of deadline.
func TestDeadlines(t *testing.T) {
	clock := newHandClock()
	opts := inDir(t.TempDir())
	opts.Now = clock.now
	s := mustOpen(t, opts)
	now := clock.now()
	cases := map[string]struct {
		deadline time.Time
		lives    bool
	}{
		"the zero time":         {time.Time{}, true},
		"just before the epoch": {time.Unix(0, -1), false},
		"the epoch":             {time.Unix(0, 0), false},
		"a year ago":            {now.AddDate(-1, 0, 0), false},
		"now":                   {now, false},
		"in a nanosecond":       {now.Add(1), true},
		"in an hour, somewhere": {now.Add(time.Hour).In(time.FixedZone("", 3600)), true},
		"in a hundred years":    {now.AddDate(100, 0, 0), true},
		"in the year 9999":      {time.Date(9999, 12, 31, 23, 59, 59, 999_999_999, time.UTC), true},
		"in the year 10000":     {time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), true},
		"in the year -5000":     {time.Date(-5000, 1, 1, 0, 0, 0, 0, time.UTC), false},
	}
	for name, c := range cases {
		require.NoError(t, s.Set(name, []byte("old"), 0))
		require.NoError(t, s.SetUntil(name, []byte("new"), c.deadline), name)
	}
	for range 2 {
		for name, c := range cases {
			require.Equal(t, c.lives, s.Exists(name), name)
		}
		require.NoError(t, s.Close())
		s = mustOpenAgain(t, opts)
	}
	require.NoError(t, s.Close())
}

// TestLaterDeadlinesAreLater wants the order of deadlines kept, also far
// beyond what the clock can reach.
func TestLaterDeadlinesAreLater(t *testing.T) {
	clock := newHandClock()
	s := mustOpen(t, Options{InMemory: true, Now: clock.now, SweepInterval: -1})
	var before int64
	for _, year := range []int{2027, 2262, 2263, 9999, 10000, 20000} {
		require.NoError(t, s.SetUntil("key", nil, time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)))
		for item, err := range s.Scan("") {
			require.NoError(t, err)
			got := item.Deadline.UnixMilli()
			require.GreaterOrEqual(t, got, before, "the year %d", year)
			before = got
		}
	}
	require.NoError(t, s.Close())
}
