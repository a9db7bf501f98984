package cache

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/spcent/plumego/store"
	"github.com/spcent/plumego/store/kv"
)

// trapContext has somebody do something at the n-th look at it.
type trapContext struct {
	context.Context
	looks int
	trap  func()
}

func (c *trapContext) Err() error {
	if c.looks--; c.looks == 0 {
		c.trap()
	}
	return nil
}

// TestALoadBeginsWithinAChange has a load begin in the middle of a change, at
// every look at its context, and end when the change is over: the change stands.
func TestALoadBeginsWithinAChange(t *testing.T) {
	changes := map[string]struct {
		do   func(ctx context.Context, c contractCache) error
		want string
	}{
		"Set":  {func(ctx context.Context, c contractCache) error { return c.Set(ctx, "k", []byte("1"), 0) }, "1"},
		"Incr": {func(ctx context.Context, c contractCache) error { _, err := c.Incr(ctx, "k", 1, 0); return err }, "1"},
		"SetIfAbsent": {func(ctx context.Context, c contractCache) error {
			_, err := c.SetIfAbsent(ctx, "k", []byte("1"), 0)
			return err
		}, "1"},
	}
	for kind, open := range map[string]func() contractCache{
		"in memory":  func() contractCache { return newCache(t, Config{}) },
		"persistent": func() contractCache { return openPersistent(t, t.TempDir(), PersistentConfig{MaxBytes: leastDisk}) },
	} {
		for name, change := range changes {
			for look := 1; look <= 6; look++ {
				t.Run(fmt.Sprint(kind, " ", name, " ", look), func(t *testing.T) {
					c := open()
					begun, release, done := make(chan int), make(chan int), make(chan int)
					looks := &trapContext{context.Background(), look, func() {
						go func() {
							defer close(done)
							_, _ = c.GetOrLoad(context.Background(), "k", 0, func(context.Context) ([]byte, error) {
								close(begun)
								<-release
								return []byte("7"), nil
							})
						}()
						<-begun
					}}
					if err := change.do(looks, c); err != nil {
						t.Fatal(err)
					}
					if looks.looks > 0 {
						t.Skip("there are no so many")
					}
					close(release)
					<-done
					if got, err := c.Get(context.Background(), "k"); err != nil || string(got) != change.want {
						t.Errorf("%q, %v; want %q", got, err, change.want)
					}
				})
			}
		}
	}
}

// contractCache is a cache with what is asked of it here.
type contractCache interface {
	Cache
	Counter
	SetIfAbsenter
	Loader
}

// TestALoadFromBeforeADelete ends between a Delete and the next call: who comes
// then neither joins it nor finds what it has loaded.
func TestALoadFromBeforeADelete(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCache(t, Config{})
		release := make(chan int)
		go func() {
			_, _ = c.GetOrLoad(t.Context(), "k", 0, func(context.Context) ([]byte, error) {
				<-release
				return []byte("old"), nil
			})
		}()
		synctest.Wait()
		if err := c.Delete(t.Context(), "k"); err != nil {
			t.Fatal(err)
		}
		got, err := c.GetOrLoad(t.Context(), "k", 0, func(context.Context) ([]byte, error) { return []byte("new"), nil })
		if err != nil || string(got) != "new" {
			t.Errorf("%q, %v", got, err)
		}
		close(release)
		synctest.Wait()
		if got, err := c.Get(t.Context(), "k"); err != nil || string(got) != "new" {
			t.Errorf("then %q, %v", got, err)
		}
	})
}

// TestAnErrorWithAPanicInIt: an error of a load is returned as it is, whatever
// it wraps.
func TestAnErrorWithAPanicInIt(t *testing.T) {
	c := newCache(t, Config{})
	_, err := c.GetOrLoad(t.Context(), "k", 0, func(context.Context) ([]byte, error) {
		return nil, fmt.Errorf("of another cache: %w", &LoadPanic{Value: 1})
	})
	var p *LoadPanic
	if !errors.As(err, &p) {
		t.Errorf("got %v", err)
	}
}

// TestOnEvictEndsItsGoroutine for what a load has pushed out: those who wait
// are told.
func TestOnEvictEndsItsGoroutine(t *testing.T) {
	for name, end := range map[string]func(){"Goexit": runtime.Goexit, "panic": func() { panic("no such luck") }} {
		c := newCache(t, Config{MaxEntries: 1, OnEvict: func(string, []byte, Reason) { end() }})
		if err := c.Set(t.Context(), "a", nil, 0); err != nil {
			t.Fatal(err)
		}
		panicked := func() (p any) {
			defer func() { p = recover() }()
			_, _ = c.GetOrLoad(t.Context(), "b", 0, func(context.Context) ([]byte, error) { return []byte("v"), nil })
			return nil
		}()
		if (panicked != nil) != (name == "panic") {
			t.Errorf("%s: %v", name, panicked)
		}
	}
}

// TestNothingToLoadIsFoundByWhoComesLate: between a miss and the load that
// follows it another may have found out that there is nothing.
func TestNothingToLoadIsFoundByWhoComesLate(t *testing.T) {
	clock, loads := newTestClock(), 0
	load := func(context.Context) ([]byte, error) { loads++; return nil, store.ErrNotFound }
	var c *MemoryCache
	c = newCache(t, Config{NegativeTTL: time.Hour, Now: clock.Now,
		OnEvict: func(key string, _ []byte, _ Reason) { // between the miss and the load
			_, _ = c.GetOrLoad(context.Background(), key, 0, load)
		}})
	if err := c.Set(t.Context(), "k", []byte("v"), time.Second); err != nil {
		t.Fatal(err)
	}
	clock.pass(time.Minute)
	if _, err := c.GetOrLoad(t.Context(), "k", 0, load); !errors.Is(err, ErrNotFound) || loads != 1 {
		t.Errorf("%v after %d loads", err, loads)
	}
	if s := c.Stats(); s.Loads != 1 || s.LoadErrors != 1 {
		t.Errorf("%+v", s)
	}
}

// slowKV has the commits of one value wait.
type slowKV struct {
	store.KV
	value   string
	release chan int
}

func (s slowKV) Commit(ctx context.Context, changes ...store.Change) ([]uint64, error) {
	if len(changes) > 0 && string(changes[0].Value) == s.value {
		<-s.release
	}
	return s.KV.Commit(ctx, changes...)
}

// TestADeleteWaitsForWhatIsBeingKept: a load whose result is on its way into the
// engine, and for which nobody waits any more, is not kept behind a Delete.
func TestADeleteWaitsForWhatIsBeingKept(t *testing.T) {
	for name, remove := range map[string]func(ctx context.Context, c *KVCache) error{
		"Delete": func(ctx context.Context, c *KVCache) error { return c.Delete(ctx, "k") },
		"Clear":  func(ctx context.Context, c *KVCache) error { return c.Clear(ctx) },
	} {
		synctest.Test(t, func(t *testing.T) {
			engine, err := kv.NewKVStore(kv.Options{InMemory: true})
			if err != nil {
				t.Fatal(err)
			}
			slow := slowKV{engine.KV(), "old", make(chan int)}
			c, err := NewKVCache(slow, "cache:", KVConfig{})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			go func() {
				_, _ = c.GetOrLoad(ctx, "k", 0, func(context.Context) ([]byte, error) { return []byte("old"), nil })
			}()
			synctest.Wait()
			cancel()
			synctest.Wait()
			removed := make(chan error, 1)
			go func() { removed <- remove(t.Context(), c) }()
			for range 1000 {
				runtime.Gosched() // it waits for a lock, or is over
			}
			close(slow.release)
			if err := <-removed; err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			if got, err := c.Get(t.Context(), "k"); !errors.Is(err, ErrNotFound) {
				t.Errorf("%s: %q, %v", name, got, err)
			}
			if err := errors.Join(c.Close(), engine.Close()); err != nil {
				t.Error(err)
			}
		})
	}
}
