package cache

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"
)

// seedFlag makes the random tests run with one seed again.
var seedFlag = flag.Uint64("seed", 0, "seed of random tests; 0 draws one")

func newRand(t testing.TB) *rand.Rand {
	seed := *seedFlag
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("to run again: -run '%s' -seed %d", t.Name(), seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// testClock is a wall clock that a test sets.
type testClock struct {
	mu  sync.Mutex
	now time.Time
}

func newTestClock() *testClock {
	return &testClock{now: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)}
}

func (c *testClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *testClock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func newCache(t testing.TB, config Config) *MemoryCache {
	t.Helper()
	c, err := NewMemoryCacheWithConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// model is what a cache may return: of each key nothing, or the newest value
// while it lives.
type model struct {
	c     *MemoryCache
	clock *testClock
	kept  map[string]modelled
	// left counts the values that OnEvict was told of.
	left map[Reason]uint64
	errs []error
}

type modelled struct {
	value    []byte
	deadline time.Time
}

func (m *model) onEvict(key string, value []byte, why Reason) {
	m.left[why]++
	was, ok := m.kept[key]
	if !ok || !bytes.Equal(was.value, value) {
		m.errs = append(m.errs, fmt.Errorf("%v: a value left that was not the key's newest", why))
		return
	}
	if why != Cleared && m.dead(was) != (why == Expired) {
		m.errs = append(m.errs, fmt.Errorf("a value with deadline %v left as %v at %v", was.deadline, why, m.clock.now))
	}
	delete(m.kept, key)
}

func (m *model) dead(v modelled) bool {
	return !v.deadline.IsZero() && !m.clock.now.Before(v.deadline)
}

// TestModel draws operations and compares with a map, and looks at the whole
// structure and the bound behind every Set. Shapes of keys and values change
// on the way, so that the index grows and shrinks.
func TestModel(t *testing.T) {
	rounds := 4
	if testing.Short() || raceEnabled {
		rounds = 1
	}
	for range rounds {
		testModel(t, newRand(t))
	}
}

func testModel(t *testing.T, rnd *rand.Rand) {
	m := &model{clock: newTestClock(), kept: map[string]modelled{}, left: map[Reason]uint64{}}
	config := Config{MaxBytes: MinMaxBytes << rnd.IntN(3), Now: m.clock.Now, OnEvict: m.onEvict}
	if rnd.IntN(2) == 0 {
		config.MaxEntries = 1 + rnd.Int64N(2000)
	}
	m.c = newCache(t, config)
	keys, longest, ttls := 1, 1, 1
	for i := range 30000 {
		if i%3000 == 0 {
			keys = 1 << (4 + rnd.IntN(12))
			longest = 1 + 1<<rnd.IntN(14)
			longest = min(longest, m.c.config.MaxValueBytes+1)
			ttls = 1 + rnd.IntN(100)
		}
		m.step(t, rnd, keys, longest, ttls)
		if i%100 == 0 {
			m.c.check(t)
		}
		if s := m.c.Stats(); s.Bytes > s.MaxBytes {
			t.Fatalf("step %d: %d bytes, the bound is %d", i, s.Bytes, s.MaxBytes)
		}
		if len(m.errs) > 0 {
			t.Fatalf("step %d: %v", i, m.errs[0])
		}
	}
	m.c.check(t)
	m.compareCounts(t)
}

func (m *model) step(t *testing.T, rnd *rand.Rand, keys, longest, ttls int) {
	ctx := t.Context()
	key := fmt.Sprintf("%0*d", 1+rnd.IntN(2)*rnd.IntN(40), rnd.IntN(keys))
	switch n := rnd.IntN(100); {
	case n < 50:
		value := bytes.Repeat([]byte{byte(rnd.IntN(256))}, rnd.IntN(longest))
		ttl, deadline := NoExpiration, time.Time{}
		if rnd.IntN(2) == 0 {
			ttl = time.Duration(1+rnd.IntN(ttls)) * time.Millisecond
			deadline = m.clock.now.Add(ttl)
		}
		if err := m.c.Set(ctx, key, value, ttl); err != nil {
			t.Fatal(err)
		}
		m.kept[key] = modelled{value, deadline}
	case n < 90:
		got, err := m.c.Get(ctx, key)
		want, ok := m.kept[key]
		switch {
		case err == nil && !ok:
			t.Fatalf("Get returned %d bytes of a key without a value", len(got))
		case err == nil && !bytes.Equal(got, want.value):
			t.Fatalf("Get returned %d bytes that are not the newest", len(got))
		case err != nil && ok:
			t.Fatalf("Get: %v, of a value that nobody saw leave", err)
		case err != nil && !errors.Is(err, ErrNotFound):
			t.Fatal(err)
		}
	case n < 91 && rnd.IntN(100) == 0:
		if err := m.c.Clear(ctx); err != nil {
			t.Fatal(err)
		}
	case n < 92:
		data := []byte{byte(rnd.IntN(256))}
		old := m.kept[key]
		if m.dead(old) {
			old = modelled{}
		}
		switch err := m.c.Append(ctx, key, data, 0); {
		case len(old.value) == m.c.config.MaxValueBytes && errors.Is(err, ErrTooLarge):
		case err != nil:
			t.Fatal(err)
		default:
			m.kept[key] = modelled{append(bytes.Clone(old.value), data...), old.deadline}
		}
	case n < 95:
		if err := m.c.Delete(ctx, key); err != nil {
			t.Fatal(err)
		}
		if ok, err := m.c.Exists(ctx, key); ok || err != nil {
			t.Fatalf("Exists = %v, %v behind a Delete", ok, err)
		}
	default:
		m.clock.pass(time.Duration(rnd.IntN(3)) * time.Millisecond)
	}
}

func (m *model) compareCounts(t *testing.T) {
	t.Helper()
	s := m.c.Stats()
	got := map[Reason]uint64{Evicted: s.Evicted, Expired: s.Expired, Replaced: s.Replaced, Deleted: s.Deleted, Cleared: s.Cleared}
	for why, n := range got {
		if n != m.left[why] {
			t.Errorf("Stats say %d values left as %v, OnEvict was told of %d", n, why, m.left[why])
		}
	}
	if int(s.Entries) != len(m.kept) {
		t.Errorf("Stats say %d entries, there are %d", s.Entries, len(m.kept))
	}
}
