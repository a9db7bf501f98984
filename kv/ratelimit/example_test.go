package ratelimit_test

import (
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"strconv"
	"time"

	"github.com/spcent/plumego/store/kv"
	"github.com/spcent/plumego/store/kv/ratelimit"
)

// A hand sets the store's clock in these examples. Applications leave
// Options.Now alone.
func openAt(now *time.Time) *kv.KVStore {
	store, err := kv.NewKVStore(kv.Options{
		InMemory: true, // applications: DataDir
		Now:      func() time.Time { return *now },
	})
	if err != nil {
		log.Fatal(err)
	}
	return store
}

// Two requests a minute, in a handler.
func ExampleFixedWindow() {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	store := openAt(&now)
	defer store.Close()

	limiter, err := ratelimit.NewFixedWindow(store.WithSync(kv.SyncNever), "api:", 2, time.Minute)
	if err != nil {
		log.Fatal(err)
	}
	handler := func(w http.ResponseWriter, r *http.Request) {
		d, err := limiter.Allow(r.RemoteAddr)
		switch {
		case err != nil: // here the store's trouble lets nobody in
			http.Error(w, "not now", http.StatusServiceUnavailable)
		case !d.Allowed:
			seconds := (d.RetryAfter + time.Second - 1) / time.Second
			w.Header().Set("Retry-After", strconv.Itoa(int(seconds)))
			http.Error(w, "too many requests", http.StatusTooManyRequests)
		default:
			fmt.Fprintf(w, "%d remaining until %s\n", d.Remaining, d.Reset.UTC().Format("15:04:05"))
		}
	}
	for range 4 {
		w := httptest.NewRecorder()
		handler(w, httptest.NewRequest("GET", "/", nil))
		fmt.Print(w.Code, " ", w.Header().Get("Retry-After"), " ", w.Body)
		now = now.Add(20 * time.Second)
	}
	// Output:
	// 200  1 remaining until 12:01:00
	// 200  0 remaining until 12:01:00
	// 429 20 too many requests
	// 200  1 remaining until 12:02:00
}

// Four requests a minute. Those of the minute before count less and less.
func ExampleSlidingWindow() {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	store := openAt(&now)
	defer store.Close()

	limiter, err := ratelimit.NewSlidingWindow(store.WithSync(kv.SyncNever), "api:", 4, time.Minute)
	if err != nil {
		log.Fatal(err)
	}
	allowed := func() (n int) {
		for {
			d, err := limiter.Allow("192.0.2.7")
			if err != nil {
				log.Fatal(err)
			}
			if !d.Allowed {
				return n
			}
			n++
		}
	}
	for range 5 {
		fmt.Println(now.Format("15:04:05"), allowed())
		now = now.Add(30 * time.Second)
	}
	// Output:
	// 12:00:00 4
	// 12:00:30 0
	// 12:01:00 0
	// 12:01:30 2
	// 12:02:00 2
}

// A login every ten seconds, and three at once after a pause.
func ExampleGCRA() {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	store := openAt(&now)
	defer store.Close()

	logins, err := ratelimit.NewGCRA(store.WithSync(kv.SyncNever), "login:", 10*time.Second, 3)
	if err != nil {
		log.Fatal(err)
	}
	for range 4 {
		d, err := logins.Allow("alice")
		fmt.Println(d.Allowed, d.Remaining, d.RetryAfter, err)
	}
	now = now.Add(9999 * time.Millisecond)
	d, err := logins.Allow("alice")
	fmt.Println(d.Allowed, d.Remaining, d.RetryAfter, err)
	now = now.Add(d.RetryAfter)
	d, err = logins.Allow("alice")
	fmt.Println(d.Allowed, d.Remaining, d.RetryAfter, err)

	// A login that succeeds forgives those before.
	err = store.Delete("login:" + "alice")
	fmt.Println(err)
	// Output:
	// true 2 0s <nil>
	// true 1 0s <nil>
	// true 0 0s <nil>
	// false 0 10s <nil>
	// false 0 1ms <nil>
	// true 0 0s <nil>
	// <nil>
}
