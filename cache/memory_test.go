package cache

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestStormKeepsTheBound: eight writers set values of every length that is
// allowed, and whenever somebody looks, the cache is within its bound.
func TestStormKeepsTheBound(t *testing.T) {
	c := newCache(t, Config{MaxBytes: 4 << 20})
	each := 4000
	if testing.Short() || raceEnabled {
		each = 400
	}
	rnd := newRand(t)
	var writers sync.WaitGroup
	for range 8 {
		rnd := rand.New(rand.NewPCG(rnd.Uint64(), 0))
		writers.Go(func() {
			buf := make([]byte, c.config.MaxValueBytes)
			for range each {
				key, fill := fmt.Sprint(rnd.IntN(5000)), byte(rnd.IntN(256))
				value := bytes.Repeat([]byte{fill}, 1+int(float64(len(buf)-1)*rnd.Float64()*rnd.Float64()*rnd.Float64()))
				if err := c.Set(t.Context(), key, value, 0); err != nil {
					t.Error(err)
				}
				if s := c.Stats(); s.Bytes > s.MaxBytes {
					t.Errorf("%d bytes, the bound is %d", s.Bytes, s.MaxBytes)
				}
				got, err := c.AppendGet(t.Context(), buf[:0], fmt.Sprint(rnd.IntN(5000)))
				if err == nil && len(bytes.Trim(got, string(got[:1]))) > 0 {
					t.Error("a value of two parts")
				}
			}
		})
	}
	writers.Wait()
	c.check(t)
	if s := c.Stats(); s.Evicted == 0 {
		t.Errorf("nothing was evicted: %+v", s)
	}
}

// TestSizesAroundEveryEdge: a value of every length around the ends of pages
// and headers comes back whole.
func TestSizesAroundEveryEdge(t *testing.T) {
	c := newCache(t, Config{MaxBytes: 1 << 20})
	largest := c.config.MaxValueBytes
	for _, edge := range []int{0, 1 << 7, 1 << 10, 1 << 12, 1 << 13, 1 << 14, largest} {
		for n := max(0, edge-20); n <= min(edge+20, largest); n++ {
			value := bytes.Repeat([]byte{byte(n), byte(n >> 8), 7}, n/3+1)[:n]
			if err := c.Set(t.Context(), "k", value, time.Hour); err != nil {
				t.Fatalf("%d bytes: %v", n, err)
			}
			if got, err := c.Get(t.Context(), "k"); err != nil || !bytes.Equal(got, value) {
				t.Fatalf("%d bytes: got %d, %v", n, len(got), err)
			}
		}
	}
	c.check(t)
}

// TestTheBoundIsUsed: most of MaxBytes holds keys and values.
func TestTheBoundIsUsed(t *testing.T) {
	for _, c := range []struct {
		bytes int64
		value int
		least float64 // part of MaxBytes
	}{
		{64 << 10, 100, 0.70},
		{1 << 20, 100, 0.78},
		{16 << 20, 100, 0.78},
		{1 << 20, 1000, 0.90},
		{16 << 20, 1000, 0.93},
	} {
		if raceEnabled && c.bytes > 1<<20 {
			continue
		}
		cache := newCache(t, Config{MaxBytes: c.bytes})
		value := make([]byte, c.value)
		useful, key := 0, ""
		for i := range 3 * int(c.bytes) / c.value {
			key = fmt.Sprintf("key:%012d", i)
			if err := cache.Set(t.Context(), key, value, 0); err != nil {
				t.Fatal(err)
			}
		}
		useful = int(cache.Stats().Entries) * (len(key) + c.value)
		got := float64(useful) / float64(c.bytes)
		t.Logf("%d bytes, values of %d: %.1f %% used", c.bytes, c.value, 100*got)
		if got < c.least {
			t.Errorf("%d bytes, values of %d: %.3f is used, want %.3f", c.bytes, c.value, got, c.least)
		}
	}
}

// TestKeysOfOneHash: what a hash cannot tell apart is told apart by its key.
func TestKeysOfOneHash(t *testing.T) {
	s := newCache(t, Config{}).shards[0]
	const hash = 0x123456789abcdef
	for _, key := range []string{"a", "b", "ab", "ba"} {
		s.put(hash, key, []byte("of "+key), 0)
	}
	s.remove(hash, "b")
	for key, want := range map[string]string{"a": "of a", "b": "", "ab": "of ab", "ba": "of ba", "c": ""} {
		if got, _, _ := s.get(nil, hash, key); string(got) != want {
			t.Errorf("%s: got %q, want %q", key, got, want)
		}
	}
}

// TestSmallThenLarge: what the index took for small values it gives back.
func TestSmallThenLarge(t *testing.T) {
	c := newCache(t, Config{MaxBytes: 256 << 10})
	for i := range 50_000 {
		if err := c.Set(t.Context(), fmt.Sprint(i), nil, 0); err != nil {
			t.Fatal(err)
		}
	}
	most := c.shards[0].index.pages
	for i := range 200 {
		if err := c.Set(t.Context(), fmt.Sprint("large", i), make([]byte, 8<<10), 0); err != nil {
			t.Fatal(err)
		}
		c.check(t)
	}
	if got := c.shards[0].index.pages; got*10 > most {
		t.Errorf("the index has %d pages for 8 KiB values, it had %d", got, most)
	}
	if got := c.Stats().Entries; got < 25 {
		t.Errorf("%d values of 8 KiB in 256 KiB", got)
	}
}

// TestHotIsKept: what is read stays, whatever is written beside it.
func TestHotIsKept(t *testing.T) {
	c := newCache(t, Config{MaxBytes: MinMaxBytes})
	for i := range 20_000 {
		if i == 0 {
			if err := c.Set(t.Context(), "hot", []byte("v"), 0); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := c.Get(t.Context(), "hot"); err != nil {
			t.Fatalf("after %d sets: %v", i, err)
		}
		if err := c.Set(t.Context(), fmt.Sprint(i), make([]byte, 100), 0); err != nil {
			t.Fatal(err)
		}
	}
}

// TestGhosts: a key that comes back soon after it was evicted skips
// probation, and so outlives those that come for the first time.
func TestGhosts(t *testing.T) {
	c := newCache(t, Config{MaxBytes: MinMaxBytes})
	set := func(key string) {
		if err := c.Set(t.Context(), key, make([]byte, 100), 0); err != nil {
			t.Fatal(err)
		}
	}
	has := func(key string) bool {
		ok, _ := c.Exists(t.Context(), key)
		return ok
	}
	// The main log is full of keys that came back.
	for i := range 400 {
		set(fmt.Sprint(i))
		_, _ = c.Get(t.Context(), fmt.Sprint(i))
	}
	lives := func(name string) (n int) {
		for set(name); has(name) && n < 5000; n++ {
			set(fmt.Sprint(name, n))
		}
		return n
	}
	if first, again := lives("k"), lives("k"); first == 5000 || again < 3*first {
		t.Errorf("a key lived for %d sets when it was new, and %d when it came back", first, again)
	}
	c.check(t)
}

func TestAppendGetDoesNotAllocate(t *testing.T) {
	c := newCache(t, Config{})
	ctx := t.Context()
	if err := c.Set(ctx, "k", make([]byte, 256), time.Hour); err != nil {
		t.Fatal(err)
	}
	dst := make([]byte, 0, 512)
	value := make([]byte, 256)
	if n := testing.AllocsPerRun(100, func() {
		if got, err := c.AppendGet(ctx, dst, "k"); err != nil || len(got) != 256 {
			t.Fatal(err)
		}
		if err := c.Set(ctx, "k", value, 0); err != nil {
			t.Fatal(err)
		}
	}); n > 0 {
		t.Errorf("a Set and a Get allocate %v times", n)
	}
}

func TestDefaultTTL(t *testing.T) {
	clock := newTestClock()
	c := newCache(t, Config{DefaultTTL: time.Minute, Now: clock.Now})
	for key, ttl := range map[string]time.Duration{"default": 0, "for ever": NoExpiration, "longer": time.Hour} {
		if err := c.Set(t.Context(), key, nil, ttl); err != nil {
			t.Fatal(err)
		}
	}
	clock.pass(time.Minute)
	for key, want := range map[string]bool{"default": false, "for ever": true, "longer": true} {
		if ok, err := c.Exists(t.Context(), key); ok != want || err != nil {
			t.Errorf("%s: Exists = %v, %v", key, ok, err)
		}
	}
}

func TestKeyTooLong(t *testing.T) {
	c := newCache(t, Config{MaxKeyLength: 10})
	key := strings.Repeat("secret", 10)
	_, err := c.Get(t.Context(), key)
	for _, err := range []error{err, c.Set(t.Context(), key, nil, 0), c.Delete(t.Context(), key)} {
		if !errors.Is(err, ErrKeyTooLong) || !errors.Is(err, ErrInvalidKey) {
			t.Errorf("error %v, want ErrKeyTooLong", err)
		}
		if strings.Contains(fmt.Sprint(err), "secret") {
			t.Errorf("error %v tells the key", err)
		}
	}
	if err := c.Set(t.Context(), key[:10], nil, 0); err != nil {
		t.Error(err)
	}
}

func TestInvalidConfig(t *testing.T) {
	for _, c := range []Config{
		{MaxBytes: -1},
		{MaxBytes: MinMaxBytes - 1},
		{MaxEntries: -1},
		{DefaultTTL: -2},
		{MaxKeyLength: -1},
		{MaxKeyLength: MaxMaxKeyLength + 1},
		{MaxValueBytes: -1},
		{MaxBytes: 1 << 20, MaxValueBytes: 256 << 10},
		{MaxBytes: MinMaxBytes, MaxKeyLength: MaxMaxKeyLength},
	} {
		if _, err := NewMemoryCacheWithConfig(c); !errors.Is(err, ErrInvalidConfig) {
			t.Errorf("%+v: error %v, want ErrInvalidConfig", c, err)
		}
	}
	for _, c := range []Config{
		{}, DefaultConfig(), {MaxBytes: MinMaxBytes}, {DefaultTTL: NoExpiration},
		{MaxBytes: 1 << 20, MaxValueBytes: 255 << 10}, {MaxEntries: 1},
	} {
		cache, err := NewMemoryCacheWithConfig(c)
		if err != nil {
			t.Errorf("%+v: %v", c, err)
			continue
		}
		value := make([]byte, cache.config.MaxValueBytes)
		for _, key := range []string{"a", "b", strings.Repeat("c", cache.config.MaxKeyLength)} {
			if err := cache.Set(t.Context(), key, value, time.Hour); err != nil {
				t.Errorf("%+v: %v", c, err)
			}
			if got, err := cache.Get(t.Context(), key); err != nil || len(got) != len(value) {
				t.Errorf("%+v: Get of the largest: %d bytes, %v", c, len(got), err)
			}
		}
		cache.check(t)
	}
}

// TestCallbackMayUseTheCache: OnEvict holds no lock.
func TestCallbackMayUseTheCache(t *testing.T) {
	var c *MemoryCache
	calls := 0
	c = newCache(t, Config{MaxBytes: MinMaxBytes, OnEvict: func(key string, _ []byte, why Reason) {
		if calls++; calls == 1 {
			if err := c.Set(t.Context(), "last", []byte(key), 0); err != nil {
				t.Error(err)
			}
		}
	}})
	for i := range 2000 {
		if err := c.Set(t.Context(), fmt.Sprint(i), make([]byte, 100), 0); err != nil {
			t.Fatal(err)
		}
	}
	if calls == 0 {
		t.Error("nobody was told")
	}
}

func TestStats(t *testing.T) {
	clock := newTestClock()
	c := newCache(t, Config{Now: clock.Now})
	ctx := t.Context()
	_ = c.Set(ctx, "a", []byte("1"), 0)
	_ = c.Set(ctx, "a", []byte("22"), 0)
	_ = c.Set(ctx, "b", nil, time.Second)
	_ = c.Set(ctx, "c", make([]byte, c.config.MaxValueBytes+1), 0)
	_, _ = c.Get(ctx, "a")
	_, _ = c.Get(ctx, "nobody")
	_ = c.Delete(ctx, "a")
	clock.pass(time.Second)
	_, _ = c.Get(ctx, "b")
	got := c.Stats()
	want := Stats{
		Hits: 1, Misses: 2, Sets: 3, Rejected: 1, Replaced: 1, Deleted: 1, Expired: 1,
		Bytes: got.Bytes, MaxBytes: DefaultMaxBytes, Shards: got.Shards,
	}
	if got != want {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if got.HitRatio() != 1.0/3 {
		t.Errorf("HitRatio is %v", got.HitRatio())
	}
}
