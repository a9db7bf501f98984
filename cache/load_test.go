package cache

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/spcent/plumego/store"
)

// TestEachWaiterObeysItsOwnContext: the one who began a load may go, and the
// load goes on for the others; when the last has gone it is cancelled.
func TestEachWaiterObeysItsOwnContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCache(t, Config{})
		release := make(chan struct{})
		var ended error
		load := func(ctx context.Context) ([]byte, error) {
			select {
			case <-release:
			case <-ctx.Done():
			}
			ended = ctx.Err()
			return []byte("v"), ctx.Err()
		}
		call := func(key string) (cancel func(), result func() error) {
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() {
				_, err := c.GetOrLoad(ctx, key, 0, load)
				done <- err
			}()
			synctest.Wait()
			return cancel, func() error { return <-done }
		}
		cancelFirst, first := call("k")
		_, second := call("k")
		cancelFirst()
		if err := first(); !errors.Is(err, context.Canceled) {
			t.Errorf("who was cancelled got %v", err)
		}
		close(release)
		if err := second(); err != nil {
			t.Errorf("who waited on got %v", err)
		}

		release = make(chan struct{})
		cancelFirst, first = call("other")
		cancelSecond, second := call("other")
		cancelFirst()
		cancelSecond()
		synctest.Wait()
		if err := errors.Join(first(), second()); !errors.Is(err, context.Canceled) || !errors.Is(ended, context.Canceled) {
			t.Errorf("nobody waits: callers got %v, the load %v", err, ended)
		}
		if s := c.Stats(); s.Loads != 2 || s.LoadErrors != 1 {
			t.Errorf("%d loads, %d errors", s.Loads, s.LoadErrors)
		}
	})
}

// TestALoadNobodyWaitsForIsNotKept: a Delete does not see it any more.
func TestALoadNobodyWaitsForIsNotKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCache(t, Config{})
		release := make(chan struct{})
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			_, _ = c.GetOrLoad(ctx, "k", 0, func(context.Context) ([]byte, error) {
				<-release // deaf to its context
				return []byte("old"), nil
			})
		}()
		synctest.Wait()
		cancel()
		synctest.Wait()
		_ = c.Delete(t.Context(), "k")
		close(release)
		synctest.Wait()
		if ok, _ := c.Exists(t.Context(), "k"); ok {
			t.Error("a value from before the Delete is back")
		}
	})
}

// TestPanicsReachEveryWaiter, and so does the end of the load's goroutine.
func TestPanicsReachEveryWaiter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCache(t, Config{})
		for name, end := range map[string]func(){
			"panic":  func() { panic("no such luck") },
			"Goexit": runtime.Goexit,
		} {
			release := make(chan struct{})
			var panics, failures int
			var mu sync.Mutex
			var waiters sync.WaitGroup
			for range 3 {
				waiters.Go(func() {
					defer func() {
						mu.Lock()
						defer mu.Unlock()
						if p, ok := recover().(*LoadPanic); ok && p.Value == "no such luck" && len(p.Stack) > 0 {
							panics++
						}
					}()
					_, err := c.GetOrLoad(t.Context(), "k", 0, func(context.Context) ([]byte, error) {
						<-release
						end()
						return nil, nil
					})
					mu.Lock()
					defer mu.Unlock()
					if err != nil {
						failures++
					}
				})
			}
			synctest.Wait()
			close(release)
			waiters.Wait()
			if name == "panic" && panics != 3 || name == "Goexit" && failures != 3 {
				t.Errorf("%s: %d panics, %d errors", name, panics, failures)
			}
			if ok, _ := c.Exists(t.Context(), "k"); ok {
				t.Errorf("%s left a value", name)
			}
		}
	})
}

// TestCloseEndsLoads: waiters are ErrCacheClosed, the load is cancelled, and
// no goroutine is left; synctest would notice one.
func TestCloseEndsLoads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCache(t, Config{})
		done := make(chan error, 1)
		go func() {
			_, err := c.GetOrLoad(t.Context(), "k", 0, func(ctx context.Context) ([]byte, error) {
				_ = c.Delete(ctx, "k") // overtaken flights are closed too
				<-ctx.Done()
				return nil, ctx.Err()
			})
			done <- err
		}()
		synctest.Wait()
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		if err := <-done; !errors.Is(err, ErrCacheClosed) {
			t.Errorf("the waiter got %v", err)
		}
	})
}

func TestNegativeTTL(t *testing.T) {
	clock := newTestClock()
	c := newCache(t, Config{NegativeTTL: time.Minute, Now: clock.Now})
	ctx, loads := t.Context(), 0
	load := func(context.Context) ([]byte, error) {
		loads++
		return nil, fmt.Errorf("users: %w", store.ErrNotFound)
	}
	want := func(n int) {
		t.Helper()
		if _, err := c.GetOrLoad(ctx, "k", 0, load); !errors.Is(err, store.ErrNotFound) || loads != n {
			t.Fatalf("error %v after %d loads, want ErrNotFound after %d", err, loads, n)
		}
		if _, err := c.Get(ctx, "k"); !errors.Is(err, ErrNotFound) {
			t.Fatalf("Get: %v", err)
		}
		if ok, err := c.Exists(ctx, "k"); ok || err != nil {
			t.Fatalf("Exists = %v, %v", ok, err)
		}
	}
	want(1)
	want(1)
	for range c.Keys(ctx, "") {
		t.Error("a remembered absence is listed")
	}
	clock.pass(time.Minute)
	want(2)
	if ok, err := c.SetIfAbsent(ctx, "k", []byte("v"), 0); !ok || err != nil {
		t.Fatalf("SetIfAbsent = %v, %v", ok, err)
	}
	if got, err := c.GetOrLoad(ctx, "k", 0, load); err != nil || string(got) != "v" || loads != 2 {
		t.Fatalf("got %q, %v", got, err)
	}
	_ = c.Delete(ctx, "k")
	want(3)
	if n, err := c.Incr(ctx, "k", 1, 0); n != 1 || err != nil {
		t.Fatalf("Incr = %d, %v", n, err)
	}
	c.check(t)
}

// TestRefreshAhead: a value about to expire is loaded once, behind callers who
// get the old one.
func TestRefreshAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCache(t, Config{RefreshAhead: 10 * time.Second})
		release := make(chan struct{})
		loads := 0
		get := func() string {
			value, err := c.GetOrLoad(t.Context(), "k", time.Minute, func(context.Context) ([]byte, error) {
				loads++
				n := loads
				if n > 1 {
					<-release
				}
				if n == 3 {
					panic("behind everybody's back")
				}
				return fmt.Append(nil, n), nil
			})
			if err != nil {
				t.Fatal(err)
			}
			return string(value)
		}
		want := func(value string, n int) {
			t.Helper()
			got := get()
			synctest.Wait()
			if got != value || loads != n {
				t.Fatalf("got %q after %d loads, want %q after %d", got, loads, value, n)
			}
		}
		want("1", 1)
		time.Sleep(49 * time.Second)
		want("1", 1)
		time.Sleep(2 * time.Second)
		want("1", 2)
		want("1", 2)
		close(release)
		synctest.Wait()
		want("2", 2)
		time.Sleep(51 * time.Second)
		want("2", 3)
		if s := c.Stats(); s.Refreshes != 2 || s.Loads != 3 || s.LoadErrors != 1 {
			t.Errorf("got %+v", s)
		}
	})
}
