package main

import (
	"os"
	"strings"
	"testing"
	"time"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childEnv); dir != "" {
		os.Exit(child(dir))
	}
	os.Exit(m.Run())
}

// TestEverythingRuns runs every task once, as small as it can be.
func TestEverythingRuns(t *testing.T) {
	c := config{
		traces: t.TempDir(), accesses: 20_000, keys: 1000, turn: time.Millisecond, turns: 1,
		storm: 20 * time.Millisecond, entries: 10_000, requests: 3000,
	}
	var out strings.Builder
	if err := run(&out, c, nil); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"there is no oltp.gz", "Zipf 1.01", "store/cache", "fastcache", "0 times", "of before"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the output lacks %q:\n%s", want, out.String())
		}
	}
	t.Log(out.String())
}

// TestSubjects: each subject gives back what was set.
func TestSubjects(t *testing.T) {
	for _, k := range kinds() {
		for _, b := range []bounds{{bytes: 32 << 20}, {entries: 1000}} {
			if b.entries > 0 && !k.entries {
				continue
			}
			s, err := k.open(b)
			if err != nil {
				t.Fatalf("%s: %v", k.name, err)
			}
			for range 3 { // ristretto may refuse a key that it sees first
				s.set("k", []byte("value"))
			}
			if r, ok := s.(interface{ settle() }); ok {
				r.settle()
			}
			if got, ok := s.get(nil, "k"); !ok || string(got) != "value" {
				t.Errorf("%s: got %q, %v", k.name, got, ok)
			}
			if _, ok := s.get(nil, "other"); ok {
				t.Errorf("%s: has what was never set", k.name)
			}
			s.close()
		}
	}
}

// TestLRU: the least recently used goes, by entries and by bytes.
func TestLRU(t *testing.T) {
	for _, b := range []bounds{{entries: 2}, {bytes: 4}} {
		s, _ := openLRU(b)
		s.set("a", []byte("1"))
		s.set("b", []byte("2"))
		s.get(nil, "a")
		s.set("c", []byte("3"))
		for key, want := range map[string]bool{"a": true, "b": false, "c": true} {
			if _, ok := s.get(nil, key); ok != want {
				t.Errorf("%+v: %s is there: %v", b, key, ok)
			}
		}
	}
}
