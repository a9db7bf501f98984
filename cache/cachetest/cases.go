package cachetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/spcent/plumego/store"
	"github.com/spcent/plumego/store/cache"
)

func setIsGot(s *subject) {
	s.set("k", "v", 0)
	s.want("k", "v")
	s.want("k", "v")
}

func emptyIsAValue(s *subject) {
	if err := s.Set(context.Background(), "nil", nil, 0); err != nil {
		s.Fatal(err)
	}
	s.set("empty", "", 0)
	s.want("nil", "")
	s.want("empty", "")
}

func missingIsNotFound(s *subject) {
	s.set("key", "v", 0)
	for _, key := range []string{"ke", "key1", "KEY", "key\x00"} {
		s.wantMissing(key)
	}
	if _, err := s.Get(context.Background(), "ke"); !errors.Is(err, store.ErrNotFound) {
		s.Fatalf("Get: %v is no store.ErrNotFound", err)
	}
}

func setReplaces(s *subject) {
	for _, n := range []int{3, 3, 0, 1000, 999, 1000, 1, 127, 128, 5000, 16383, 16384} {
		value := strings.Repeat(string(rune('a'+n%26)), n)
		s.set("before", "b", 0)
		s.set("k", value, 0)
		s.set("behind", "a", 0)
		s.want("k", value)
		s.want("before", "b")
		s.want("behind", "a")
	}
}

func deleteRemoves(s *subject) {
	s.set("a", "1", 0)
	s.set("b", "2", 0)
	s.delete("a")
	s.delete("nobody")
	s.wantMissing("a")
	s.want("b", "2")
	s.delete("a")
	s.set("a", "3", 0)
	s.want("a", "3")
}

func keysAreBytes(s *subject) {
	keys := []string{"\x00", "\x00\x00", " ", "%", "A", "\\", "_", "a", "a\x00", "a ", "a%", "a/b", "../a", "ab", "é", "日本", "\xff", "\xff\xff", strings.Repeat("k", 200)}
	for i, key := range keys {
		s.set(key, string(rune('a'+i)), 0)
	}
	for i, key := range keys {
		s.want(key, string(rune('a'+i)))
	}
}

func emptyKeyIsInvalid(s *subject) {
	ctx := context.Background()
	_, get := s.Get(ctx, "")
	_, exists := s.Exists(ctx, "")
	for deed, err := range map[string]error{
		"Get": get, "Exists": exists, "Set": s.Set(ctx, "", nil, 0), "Delete": s.Delete(ctx, ""),
	} {
		if !errors.Is(err, cache.ErrInvalidKey) || !errors.Is(err, store.ErrInvalid) {
			s.Fatalf("%s: error %v, want ErrInvalidKey", deed, err)
		}
	}
}

func valuesAreCopies(s *subject) {
	ctx := context.Background()
	value := []byte("value")
	if err := s.Set(ctx, "k", value, 0); err != nil {
		s.Fatal(err)
	}
	value[0] = 'X'
	s.want("k", "value")
	got, _ := s.Get(ctx, "k")
	got[0] = 'X'
	s.want("k", "value")
}

func expiredIsAbsent(s *subject) {
	s.set("k", "v", time.Second)
	s.set("other", "v", 2*time.Second)
	s.clock.Pass(time.Second - time.Millisecond)
	s.want("k", "v")
	s.clock.Pass(time.Millisecond)
	s.wantMissing("k")
	s.want("other", "v")
	s.set("k", "w", time.Second)
	s.want("k", "w")
	s.delete("other")
	s.clock.Pass(time.Hour)
	s.wantMissing("k")
	s.delete("k")
	s.wantMissing("k")
}

func ttlIsRoundedUp(s *subject) {
	s.set("k", "v", time.Millisecond+1)
	s.clock.Pass(2*time.Millisecond - 1)
	s.want("k", "v")
	s.clock.Pass(1)
	s.wantMissing("k")
}

func timeDoesNotTurn(s *subject) {
	s.set("k", "v", time.Second)
	s.clock.Pass(time.Second)
	s.wantMissing("k")
	s.clock.Pass(-time.Hour)
	s.wantMissing("k")
	s.set("k", "w", time.Second)
	s.want("k", "w")
}

func zeroAndNoExpiration(s *subject) {
	s.set("zero", "v", 0)
	s.set("none", "v", cache.NoExpiration)
	s.set("long", "v", 1<<63-1)
	s.clock.Pass(24 * 365 * 100 * time.Hour)
	s.want("zero", "v")
	s.want("none", "v")
	s.want("long", "v")
}

func negativeTTL(s *subject) {
	s.set("k", "v", 0)
	for _, ttl := range []time.Duration{-2, -time.Millisecond, -time.Hour, -1 << 63} {
		s.refuse(cache.ErrInvalidTTL, "k", []byte("w"), ttl)
		s.refuse(store.ErrInvalid, "k", []byte("w"), ttl)
	}
	s.want("k", "v")
}

func setClearsTTL(s *subject) {
	s.set("k", "v", time.Second)
	s.set("k", "v", 0)
	s.clock.Pass(time.Hour)
	s.want("k", "v")
	s.set("k", "v", time.Second)
	s.clock.Pass(time.Second)
	s.wantMissing("k")
}

func tooLarge(s *subject) {
	s.set("k", "v", 0)
	large := make([]byte, 128<<20)
	s.refuse(cache.ErrTooLarge, "k", large, 0)
	s.refuse(store.ErrInvalid, "other", large, 0)
	s.want("k", "v")
	s.wantMissing("other")
}

func doneContextStops(s *subject) {
	s.set("k", "v", 0)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	s.wantFailure(ctx, context.Canceled)
	s.want("k", "v")
}

// setIsSeenAtOnce: there is no queue between a Set and the next Get, and
// goroutines with keys of their own do not disturb each other.
func setIsSeenAtOnce(s *subject) {
	ctx := context.Background()
	var group sync.WaitGroup
	for g := range 8 {
		group.Go(func() {
			for i := range 200 {
				key, value := fmt.Sprint(g, "/", i%10), fmt.Sprint(g, " has set ", i)
				if err := s.Set(ctx, key, []byte(value), time.Hour); err != nil {
					s.Errorf("Set: %v", err)
				}
				if got, err := s.Get(ctx, key); err != nil || string(got) != value {
					s.Errorf("Get = %q, %v; want %q", got, err, value)
				}
				if i%3 > 0 {
					continue
				}
				if err := s.Delete(ctx, key); err != nil {
					s.Errorf("Delete: %v", err)
				}
				if ok, err := s.Exists(ctx, key); ok || err != nil {
					s.Errorf("Exists = %v, %v behind a Delete", ok, err)
				}
			}
		})
	}
	group.Wait()
}

func closedIsClosed(s *subject) {
	s.set("k", "v", 0)
	for range 2 {
		if err := s.Close(); err != nil {
			s.Fatalf("Close: %v", err)
		}
		s.wantFailure(context.Background(), cache.ErrCacheClosed)
		s.wantFailure(context.Background(), store.ErrClosed)
	}
}
