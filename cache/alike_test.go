package cache

import (
	"bytes"
	"fmt"
	"testing"
	"time"
)

// TestAlike: what is read on a guess is right, or not taken. Keys of one hash
// and of two lengths, with values of two lengths, timed and not, are got in
// every order.
func TestAlike(t *testing.T) {
	clock := newTestClock()
	c := newCache(t, Config{MaxBytes: 1 << 20, Now: clock.Now})
	s := c.shards[0]
	const hash = 0x123456789abcdef
	deadline := clock.Now().Add(time.Minute).UnixMilli()
	want := map[string][]byte{}
	timed := map[string]bool{}
	for i := range 16 {
		key := fmt.Sprintf("%x", i)
		if i&1 != 0 {
			key += "long"
		}
		want[key] = bytes.Repeat([]byte(key[:1]), 100<<(i>>1&1))
		timed[key] = i>>2&1 != 0
		d := int64(0)
		if timed[key] {
			d = deadline
		}
		// Each key has a hash in common with its neighbour.
		s.put(hash+uint64(i/2)<<60, key, want[key], d)
	}
	hashOf := func(key string) uint64 {
		var i int
		fmt.Sscanf(key[:1], "%x", &i)
		return hash + uint64(i/2)<<60
	}
	dst := append(make([]byte, 0, 512), "before"...)
	get := func(key string) ([]byte, bool) {
		value, ok := s.getAlike(dst, hashOf(key), key)
		if !ok {
			value, _, ok = s.get(dst, hashOf(key), key)
		}
		return bytes.TrimPrefix(value, []byte("before")), ok
	}
	all := func() {
		t.Helper()
		for first := range want {
			for key, value := range want {
				get(first)
				got, ok := get(key)
				if gone := timed[key] && clock.Now().UnixMilli() >= deadline; ok == gone || ok && !bytes.Equal(got, value) {
					t.Errorf("%q after %q: got %d bytes, %v; gone: %v", key, first, len(got), ok, gone)
				}
			}
		}
	}
	all()
	for key := range want { // absent keys of a hash that is there
		if got, ok := s.getAlike(dst, hashOf(key), "x"+key[1:]); ok || string(got) != "before" {
			t.Errorf("a key that is absent, got %q", got)
		}
	}
	const aTimed = "4"
	get(aTimed)
	clock.pass(time.Minute)
	if _, ok := s.getAlike(dst, hashOf(aTimed), aTimed); ok {
		t.Error("an expired value")
	}
	all()
}

// TestAlikeIsTaken: a second value of the form of the first is read on a guess.
func TestAlikeIsTaken(t *testing.T) {
	s := newCache(t, Config{}).shards[0]
	s.put(1, "a", []byte("first"), 0)
	s.put(1<<40, "b", []byte("other"), 0)
	dst := make([]byte, 0, 64)
	if _, _, ok := s.get(dst, 1, "a"); !ok {
		t.Fatal("what was set is absent")
	}
	if got, ok := s.getAlike(dst, 1<<40, "b"); !ok || string(got) != "other" {
		t.Errorf("got %q, %v", got, ok)
	}
}
