// Package cachetest holds an implementation of cache.Cache to its contract:
//
//	func TestCache(t *testing.T) {
//		cachetest.Cache(t, func(t *testing.T, now func() time.Time) cache.Cache {
//			return newMyCache(t, now)
//		})
//	}
package cachetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/spcent/plumego/store/cache"
	"github.com/spcent/plumego/store/storetest"
)

// Cache runs the whole contract. open returns an empty cache with room for a
// megabyte, where values may have 16 KiB and not 128 MiB, without a default
// ttl. It judges deadlines by now, which may be called from any goroutine. It
// is called once per case; the case closes the cache. The optional interfaces
// are held to their contracts if the cache has them.
func Cache(t *testing.T, open func(t *testing.T, now func() time.Time) cache.Cache) {
	for _, c := range []struct {
		name string
		run  func(c *subject)
	}{
		{"what was set is got", setIsGot},
		{"nil and empty are a value", emptyIsAValue},
		{"a missing key is ErrNotFound", missingIsNotFound},
		{"a set replaces, whatever the lengths", setReplaces},
		{"delete removes, and a missing key is no error", deleteRemoves},
		{"any bytes are a key, and each its own", keysAreBytes},
		{"an empty key is ErrInvalidKey", emptyKeyIsInvalid},
		{"changing a value changes nothing kept", valuesAreCopies},
		{"expired is absent, to the millisecond", expiredIsAbsent},
		{"part of a millisecond is rounded up", ttlIsRoundedUp},
		{"a clock set back revives nothing", timeDoesNotTurn},
		{"a set without a ttl lives for ever", zeroAndNoExpiration},
		{"a negative ttl is ErrInvalidTTL", negativeTTL},
		{"a set clears the ttl before it", setClearsTTL},
		{"a value too large is an error and changes nothing", tooLarge},
		{"a done context stops every call", doneContextStops},
		{"every goroutine gets what it has set", setIsSeenAtOnce},
		{"a closed cache is ErrCacheClosed", closedIsClosed},

		{"Clearer: nothing is left", clearForgets},
		{"Counter: counts, and keeps the deadline", counts},
		{"Counter: what is no number is an error", countsNumbersOnly},
		{"Counter: goroutines lose nothing", countsAll},
		{"Appender: appends, and keeps the deadline", appends},
		{"SetIfAbsenter: the first wins", setIfAbsent},
		{"BulkGetter: gets those that are there", getsMany},
		{"Loader: loads what is missing, and keeps it", loads},
		{"Loader: an error is nobody's value", loadErrors},
		{"Loader: many that miss are one load", loadsOnce},
		{"Loader: a change meanwhile wins", loadIsOvertaken},
		{"Lister: a prefix in order", lists},
		{"Lister: a loop may break, and use the cache", listLoopsAreFree},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &subject{T: t, clock: storetest.NewClock()}
			s.Cache = open(t, s.clock.Now)
			c.run(s)
			if err := s.Close(); err != nil {
				t.Fatalf("Close: %v", err)
			}
		})
	}
}

// subject is a cache under test.
type subject struct {
	*testing.T
	cache.Cache
	clock *storetest.Clock
}

func (s *subject) set(key, value string, ttl time.Duration) {
	s.Helper()
	if err := s.Set(context.Background(), key, []byte(value), ttl); err != nil {
		s.Fatalf("Set(%q): %v", key, err)
	}
}

// refuse sets what must fail.
func (s *subject) refuse(want error, key string, value []byte, ttl time.Duration) {
	s.Helper()
	if err := s.Set(context.Background(), key, value, ttl); !errors.Is(err, want) {
		s.Fatalf("Set: error %v, want %v", err, want)
	}
}

func (s *subject) delete(key string) {
	s.Helper()
	if err := s.Delete(context.Background(), key); err != nil {
		s.Fatalf("Delete(%q): %v", key, err)
	}
}

func (s *subject) want(key, value string) {
	s.Helper()
	got, err := s.Get(context.Background(), key)
	if err != nil || got == nil || string(got) != value {
		s.Fatalf("Get(%q) = %q, %v; want %q", key, got, err, value)
	}
	if ok, err := s.Exists(context.Background(), key); !ok || err != nil {
		s.Fatalf("Exists(%q) = %v, %v; want true", key, ok, err)
	}
}

func (s *subject) wantMissing(key string) {
	s.Helper()
	if got, err := s.Get(context.Background(), key); !errors.Is(err, cache.ErrNotFound) || got != nil {
		s.Fatalf("Get(%q) = %q, %v; want ErrNotFound", key, got, err)
	}
	if ok, err := s.Exists(context.Background(), key); ok || err != nil {
		s.Fatalf("Exists(%q) = %v, %v; want false", key, ok, err)
	}
}

// wantFailure calls every method and wants the same error of each.
func (s *subject) wantFailure(ctx context.Context, want error) {
	s.Helper()
	_, get := s.Get(ctx, "k")
	_, exists := s.Exists(ctx, "k")
	for deed, err := range map[string]error{
		"Get":    get,
		"Set":    s.Set(ctx, "k", []byte("changed"), 0),
		"Delete": s.Delete(ctx, "k"),
		"Exists": exists,
	} {
		if !errors.Is(err, want) {
			s.Fatalf("%s: error %v, want %v", deed, err, want)
		}
	}
}
