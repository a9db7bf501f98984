package kv

import (
	"errors"
	"fmt"
	"time"
)

// contents reads everything in a store, in every way there is, and returns
// an error if two ways disagree.
func contents(s *KVStore) (state, error) {
	got := state{}
	last := ""
	for item, err := range s.Scan("") {
		if err != nil {
			return nil, fmt.Errorf("scan: %w", err)
		}
		if item.Key <= last {
			return nil, fmt.Errorf("scan went from %q to %q", last, item.Key)
		}
		last = item.Key
		h := held{value: string(item.Value)}
		if !item.Deadline.IsZero() {
			h.deadline = item.Deadline.UnixMilli()
		}
		if err := askFor(s, item.Key, h); err != nil {
			return nil, err
		}
		got[item.Key] = h
	}
	if n := s.Len(); n != len(got) {
		return nil, fmt.Errorf("Len is %d, a scan found %d keys", n, len(got))
	}
	return got, nil
}

// askFor holds the answers of Get, TTL and Exists against what a scan said.
func askFor(s *KVStore, key string, want held) error {
	value, err := s.Get(key)
	if err != nil || string(value) != want.value {
		return fmt.Errorf("Get(%q) is %.20q, %w; the scan said %.20q", key, value, err, want.value)
	}
	left := time.Duration(0)
	if want.deadline != 0 {
		left = s.engine.clock.until(want.deadline)
	}
	if ttl, err := s.TTL(key); err != nil || ttl != left {
		return fmt.Errorf("TTL(%q) is %v, %w; the scan said %v", key, ttl, err, left)
	}
	if !s.Exists(key) {
		return fmt.Errorf("Exists(%q) is false, and the scan found it", key)
	}
	return nil
}

// askForAbsent holds Get, TTL and Exists against a scan that has not found
// some of the keys.
func askForAbsent(s *KVStore, keys map[string]bool, got state) error {
	for key := range keys {
		if _, found := got[key]; found {
			continue
		}
		if _, err := s.Get(key); !errors.Is(err, ErrKeyNotFound) {
			return fmt.Errorf("Get(%q) is %w, and a scan did not find it", key, err)
		}
		if _, err := s.TTL(key); !errors.Is(err, ErrKeyNotFound) {
			return fmt.Errorf("TTL(%q) is %w, and a scan did not find it", key, err)
		}
		if s.Exists(key) {
			return fmt.Errorf("Exists(%q) is true, and a scan did not find it", key)
		}
	}
	return nil
}
