package cachetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/spcent/plumego/store/cache"
)

// optional returns the cache as one of the optional interfaces, or skips.
func optional[I any](s *subject) I {
	i, ok := s.Cache.(I)
	if !ok {
		s.Skipf("it is no %T", *new(I))
	}
	return i
}

// must returns what a call has returned if it has not failed.
func must[T any](s *subject) func(T, error) T {
	return func(value T, err error) T {
		s.Helper()
		if err != nil {
			s.Fatal(err)
		}
		return value
	}
}

func clearForgets(s *subject) {
	c := optional[cache.Clearer](s)
	ctx := context.Background()
	for i := range 1000 {
		s.set(fmt.Sprint(i), "v", time.Hour)
	}
	if err := c.Clear(ctx); err != nil {
		s.Fatal(err)
	}
	for i := range 1000 {
		s.wantMissing(fmt.Sprint(i))
	}
	s.set("k", "v", 0)
	s.want("k", "v")
	done, cancel := context.WithCancel(ctx)
	cancel()
	if err := c.Clear(done); !errors.Is(err, context.Canceled) {
		s.Fatalf("Clear: error %v, want Canceled", err)
	}
	s.want("k", "v")
	_ = s.Close()
	if err := c.Clear(ctx); !errors.Is(err, cache.ErrCacheClosed) {
		s.Fatalf("Clear: error %v, want ErrCacheClosed", err)
	}
}

func counts(s *subject) {
	c := optional[cache.Counter](s)
	ctx := context.Background()
	want := func(want int64, got int64, err error) {
		s.Helper()
		if err != nil || got != want {
			s.Fatalf("got %d, %v; want %d", got, err, want)
		}
		s.want("n", fmt.Sprint(want))
	}
	incr := func(delta int64, ttl time.Duration) (int64, error) { return c.Incr(ctx, "n", delta, ttl) }
	n, err := incr(5, time.Minute)
	want(5, n, err)
	s.clock.Pass(30 * time.Second)
	n, err = incr(95, time.Hour)
	want(100, n, err)
	n, err = c.Decr(ctx, "n", 101, 0)
	want(-1, n, err)
	s.clock.Pass(30 * time.Second)
	s.wantMissing("n")
	n, err = c.Decr(ctx, "n", 1, time.Second)
	want(-1, n, err)
	s.set("n", "41", 0)
	n, err = incr(1, time.Second)
	want(42, n, err)
	s.clock.Pass(time.Hour)
	s.want("n", "42")
	if _, err := incr(1, -time.Second); !errors.Is(err, cache.ErrInvalidTTL) {
		s.Fatalf("Incr: error %v, want ErrInvalidTTL", err)
	}
}

func countsNumbersOnly(s *subject) {
	c := optional[cache.Counter](s)
	ctx := context.Background()
	for value, want := range map[string]error{
		"":                     cache.ErrNotInteger,
		"1.5":                  cache.ErrNotInteger,
		"12 ":                  cache.ErrNotInteger,
		"99999999999999999999": cache.ErrNotInteger,
		"9223372036854775807":  cache.ErrOverflow,
	} {
		s.set("k", value, 0)
		if n, err := c.Incr(ctx, "k", 1, 0); !errors.Is(err, want) || n != 0 {
			s.Fatalf("Incr of %q = %d, %v; want %v", value, n, err, want)
		}
		s.want("k", value)
	}
	s.set("k", "-9223372036854775808", 0)
	for _, delta := range []int64{1, -1 << 63} {
		if n, err := c.Decr(ctx, "k", delta, 0); !errors.Is(err, cache.ErrOverflow) {
			s.Fatalf("Decr by %d = %d, %v; want ErrOverflow", delta, n, err)
		}
	}
}

func countsAll(s *subject) {
	c := optional[cache.Counter](s)
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for range 50 {
				if _, err := c.Incr(context.Background(), "n", 2, 0); err != nil {
					s.Errorf("Incr: %v", err)
				}
			}
		})
	}
	group.Wait()
	s.want("n", "400")
}

func appends(s *subject) {
	c := optional[cache.Appender](s)
	ctx := context.Background()
	for i, data := range []string{"a", "", "bc"} {
		if err := c.Append(ctx, "k", []byte(data), time.Minute); err != nil {
			s.Fatal(err)
		}
		s.want("k", "abc"[:[]int{1, 1, 3}[i]])
		s.clock.Pass(20 * time.Second)
	}
	s.wantMissing("k")
	large := make([]byte, 128<<20)
	s.set("k", "v", 0)
	if err := c.Append(ctx, "k", large, 0); !errors.Is(err, cache.ErrTooLarge) {
		s.Fatalf("Append: error %v, want ErrTooLarge", err)
	}
	s.want("k", "v")
}

func setIfAbsent(s *subject) {
	c := optional[cache.SetIfAbsenter](s)
	ctx := context.Background()
	set := func(value string, want bool) {
		s.Helper()
		if ok, err := c.SetIfAbsent(ctx, "k", []byte(value), time.Second); ok != want || err != nil {
			s.Fatalf("SetIfAbsent = %v, %v; want %v", ok, err, want)
		}
	}
	set("1", true)
	set("2", false)
	s.want("k", "1")
	s.clock.Pass(time.Second)
	set("3", true)
	s.want("k", "3")
	s.delete("k")

	var wins atomic.Int64
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			if ok, err := c.SetIfAbsent(ctx, "k", nil, 0); err != nil {
				s.Errorf("SetIfAbsent: %v", err)
			} else if ok {
				wins.Add(1)
			}
		})
	}
	group.Wait()
	if wins.Load() != 1 {
		s.Fatalf("%d goroutines were first", wins.Load())
	}
}

func getsMany(s *subject) {
	c := optional[cache.BulkGetter](s)
	s.set("a", "1", 0)
	s.set("b", "", 0)
	s.set("c", "3", time.Second)
	s.clock.Pass(time.Second)
	got := must[map[string][]byte](s)(c.GetMulti(context.Background(), []string{"a", "b", "c", "d", "a"}))
	if !maps.EqualFunc(got, map[string]string{"a": "1", "b": ""}, func(b []byte, s string) bool { return b != nil && string(b) == s }) {
		s.Fatalf("got %q", got)
	}
	if _, err := c.GetMulti(context.Background(), []string{"a", ""}); !errors.Is(err, cache.ErrInvalidKey) {
		s.Fatalf("error %v, want ErrInvalidKey", err)
	}
}

func lists(s *subject) {
	c := optional[cache.Lister](s)
	ctx := context.Background()
	for _, key := range []string{"b", "a/2", "a/10", "a", "a0", "a/1", "\xff"} {
		s.set(key, "of "+key, 0)
	}
	s.set("a/gone", "v", time.Second)
	s.clock.Pass(time.Second)
	for prefix, want := range map[string][]string{
		"":     {"a", "a/1", "a/10", "a/2", "a0", "b", "\xff"},
		"a/":   {"a/1", "a/10", "a/2"},
		"c":    nil,
		"\xff": {"\xff"},
	} {
		var keys []string
		for key, err := range c.Keys(ctx, prefix) {
			keys = append(keys, must[string](s)(key, err))
		}
		var ranged []string
		for entry, err := range c.Range(ctx, prefix) {
			entry = must[cache.Entry](s)(entry, err)
			if string(entry.Value) != "of "+entry.Key || !entry.Deadline.IsZero() {
				s.Fatalf("got %q, deadline %v, under %q", entry.Value, entry.Deadline, entry.Key)
			}
			ranged = append(ranged, entry.Key)
		}
		if !slices.Equal(keys, want) || !slices.Equal(ranged, want) {
			s.Fatalf("prefix %q: Keys yields %q, Range %q, want %q", prefix, keys, ranged, want)
		}
	}
	deadline := s.clock.Now().Add(time.Minute)
	s.set("timed", "v", time.Minute)
	for entry, err := range c.Range(ctx, "timed") {
		if entry = must[cache.Entry](s)(entry, err); !entry.Deadline.Equal(deadline) {
			s.Fatalf("deadline %v, want %v", entry.Deadline, deadline)
		}
	}
}

func listLoopsAreFree(s *subject) {
	c := optional[cache.Lister](s)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	for i := range 10 {
		s.set(fmt.Sprint(i), "v", 0)
	}
	n := 0
	for key, err := range c.Keys(ctx, "") {
		s.delete(must[string](s)(key, err))
		if n++; n == 5 {
			break
		}
	}
	n = 0
	for entry, err := range c.Range(ctx, "") {
		s.set("new", "v", 0)
		s.delete("9")
		_, _ = entry, must[cache.Entry](s)(entry, err)
		n++
	}
	if n < 4 || n > 6 {
		s.Fatalf("Range yields %d entries, want 4 to 6", n)
	}
	for _, err := range c.Keys(ctx, "") {
		if err != nil && !errors.Is(err, context.Canceled) {
			s.Fatal(err)
		}
		cancel()
	}
	var last error
	for _, err := range c.Range(ctx, "") {
		last = err
	}
	if !errors.Is(last, context.Canceled) {
		s.Fatalf("Range under a done context: error %v", last)
	}
	_ = s.Close()
	for _, err := range c.Keys(context.Background(), "") {
		last = err
	}
	if !errors.Is(last, cache.ErrCacheClosed) {
		s.Fatalf("Keys of a closed cache: error %v", last)
	}
}

func loads(s *subject) {
	c := optional[cache.Loader](s)
	ctx := context.Background()
	n := 0
	load := func(context.Context) ([]byte, error) {
		n++
		return fmt.Append(nil, "load ", n), nil
	}
	for range 3 {
		if got := must[[]byte](s)(c.GetOrLoad(ctx, "k", time.Second, load)); string(got) != "load 1" {
			s.Fatalf("got %q", got)
		} else {
			got[0] = 'X'
		}
	}
	s.want("k", "load 1")
	s.clock.Pass(time.Second)
	s.wantMissing("k")
	if got := must[[]byte](s)(c.GetOrLoad(ctx, "k", 0, load)); string(got) != "load 2" {
		s.Fatalf("got %q", got)
	}
	s.clock.Pass(time.Hour)
	s.want("k", "load 2")
	s.set("set", "v", 0)
	if got := must[[]byte](s)(c.GetOrLoad(ctx, "set", 0, load)); string(got) != "v" {
		s.Fatalf("got %q", got)
	}
	if _, err := c.GetOrLoad(ctx, "k", -time.Second, load); !errors.Is(err, cache.ErrInvalidTTL) {
		s.Fatalf("error %v, want ErrInvalidTTL", err)
	}
	if _, err := c.GetOrLoad(ctx, "", 0, load); !errors.Is(err, cache.ErrInvalidKey) {
		s.Fatalf("error %v, want ErrInvalidKey", err)
	}
	_ = s.Close()
	if _, err := c.GetOrLoad(ctx, "k", 0, load); !errors.Is(err, cache.ErrCacheClosed) || n != 2 {
		s.Fatalf("error %v, want ErrCacheClosed; %d loads", err, n)
	}
}

func loadErrors(s *subject) {
	c := optional[cache.Loader](s)
	cause := errors.New("the source is down")
	for range 2 {
		got, err := c.GetOrLoad(context.Background(), "k", 0, func(context.Context) ([]byte, error) { return []byte("half"), cause })
		if err != cause || got != nil {
			s.Fatalf("got %q, %v; want the cause", got, err)
		}
		s.wantMissing("k")
	}
	large := make([]byte, 128<<20)
	got, err := c.GetOrLoad(context.Background(), "k", 0, func(context.Context) ([]byte, error) { return large, nil })
	if err != nil || !bytes.Equal(got, large) {
		s.Fatalf("a value too large to keep: %d bytes, %v", len(got), err)
	}
	s.wantMissing("k")
}

func loadsOnce(s *subject) {
	c := optional[cache.Loader](s)
	var n atomic.Int64
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for i := range 50 {
				got, err := c.GetOrLoad(context.Background(), fmt.Sprint(i), 0, func(context.Context) ([]byte, error) {
					n.Add(1)
					return fmt.Append(nil, i), nil
				})
				if err != nil || string(got) != fmt.Sprint(i) {
					s.Errorf("got %q, %v; want %d", got, err, i)
				}
			}
		})
	}
	group.Wait()
	if n.Load() != 50 {
		s.Fatalf("%d loads of 50 keys", n.Load())
	}
}

// loadIsOvertaken changes a key while it is loaded, in each way there is.
func loadIsOvertaken(s *subject) {
	c := optional[cache.Loader](s)
	ctx := context.Background()
	changes := map[string]func(){
		"Delete": func() { s.delete("k") },
		"Set":    func() { s.set("k", "newer", 0) },
	}
	if c, ok := s.Cache.(cache.Clearer); ok {
		changes["Clear"] = func() { _ = c.Clear(ctx) }
	}
	if c, ok := s.Cache.(cache.Counter); ok {
		changes["Incr"] = func() { _, _ = c.Incr(ctx, "k", 1, 0) }
	}
	if c, ok := s.Cache.(cache.SetIfAbsenter); ok {
		changes["SetIfAbsent"] = func() { _, _ = c.SetIfAbsent(ctx, "k", []byte("newer"), 0) }
	}
	for deed, change := range changes {
		s.delete("k")
		old := must[[]byte](s)(c.GetOrLoad(ctx, "k", 0, func(context.Context) ([]byte, error) {
			change()
			fresh := must[[]byte](s)(c.GetOrLoad(ctx, "k", 0, func(context.Context) ([]byte, error) { return []byte("loaded anew"), nil }))
			if string(fresh) == "old" {
				s.Errorf("%s: who came behind it got the value from before", deed)
			}
			return []byte("old"), nil
		}))
		if string(old) != "old" {
			s.Fatalf("%s: who waited got %q", deed, old)
		}
		if got, err := s.Get(ctx, "k"); err != nil || string(got) == "old" {
			s.Fatalf("%s: a load that began before it is kept: %q, %v", deed, got, err)
		}
	}
}
