package cache

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/spcent/plumego/store"
)

func openPersistent(t testing.TB, dir string, config PersistentConfig) *PersistentCache {
	t.Helper()
	c, err := NewPersistentCache(dir, config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// TestWarmAfterClose: values, deadlines, deletes and the clearing of
// everything are what they were.
func TestWarmAfterClose(t *testing.T) {
	dir, clock, ctx := t.TempDir(), newTestClock(), t.Context()
	config := PersistentConfig{MaxBytes: leastDisk, Now: clock.Now}
	c := openPersistent(t, dir, config)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	reopen := func() {
		t.Helper()
		must(c.Close())
		must(c.Close())
		c = openPersistent(t, dir, config)
	}
	want := func(key, value string) {
		t.Helper()
		got, err := c.Get(ctx, key)
		if missing := errors.Is(err, ErrNotFound); missing != (value == "") || string(got) != value {
			t.Fatalf("Get(%q) = %q, %v; want %q", key, got, err, value)
		}
	}
	must(c.Set(ctx, "stays", []byte("v"), 0))
	must(c.Set(ctx, "timed", []byte("v"), time.Minute))
	must(c.Set(ctx, "short", []byte("v"), time.Second))
	must(c.Set(ctx, "deleted", []byte("v"), 0))
	must(c.Delete(ctx, "deleted"))
	clock.pass(time.Second)
	reopen()
	want("stays", "v")
	want("timed", "v")
	want("short", "")
	want("deleted", "")
	clock.pass(time.Minute)
	want("timed", "")
	if _, err := NewPersistentCache(dir, config); !errors.Is(err, store.ErrLocked) {
		t.Errorf("a second open: %v, want ErrLocked", err)
	}
	must(c.Clear(ctx))
	must(c.Set(ctx, "after", []byte("v"), 0))
	reopen()
	want("stays", "")
	want("after", "v")
	if s := c.Stats(); s.Entries != 1 {
		t.Errorf("%d entries, want 1", s.Entries)
	}
}

// TestDiskIsBounded: whatever is written, the disk stays within its bound,
// nothing is refused, and the policy knows what the engine has.
func TestDiskIsBounded(t *testing.T) {
	dir := t.TempDir()
	config := PersistentConfig{MaxBytes: leastDisk}
	c := openPersistent(t, dir, config)
	rnd := newRand(t)
	each := 600
	if testing.Short() || raceEnabled {
		each = 300
	}
	for round := range 3 {
		var writers sync.WaitGroup
		for range 4 {
			rnd := rand.New(rand.NewPCG(rnd.Uint64(), 0))
			longest := []int{3000, 300, c.config.MaxValueBytes}[round]
			writers.Go(func() {
				for range each >> round {
					key := fmt.Sprint(rnd.IntN(20000))
					value := bytes.Repeat([]byte(key), longest)[:1+rnd.IntN(longest)]
					if err := c.Set(t.Context(), key, value, time.Duration(rnd.IntN(2))*time.Hour); err != nil {
						t.Errorf("Set: %v", err)
					}
					key = fmt.Sprint(rnd.IntN(20000))
					got, err := c.Get(t.Context(), key)
					if err == nil && !bytes.HasPrefix(bytes.Repeat([]byte(key), len(got)), got) {
						t.Error("a value of another key")
					}
					if err != nil && !errors.Is(err, ErrNotFound) {
						t.Errorf("Get: %v", err)
					}
				}
			})
		}
		writers.Wait()
		s := c.Stats()
		if s.Bytes > s.MaxBytes || s.Evicted == 0 && round > 0 || c.policy.weight.Load() > c.policy.most {
			t.Errorf("round %d: %+v", round, s)
		}
		c.checkPolicy(t)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	c = openPersistent(t, dir, config)
	c.checkPolicy(t)
}

// checkPolicy compares the keys of the policy with those of the engine, and
// its weight with theirs.
func (c *PersistentCache) checkPolicy(t *testing.T) {
	t.Helper()
	c.policy.keys.check(t)
	weight, n := 0, 0
	for entry, err := range c.Range(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		if !c.policy.has(entry.Key) {
			t.Fatal("the policy does not know a key of the engine")
		}
		weight += c.weigh(entry.Key, len(entry.Value))
		n++
	}
	if got := c.policy.keys.Stats().Entries; int(got) != n {
		t.Errorf("the policy has %d keys, the engine %d", got, n)
	}
	if got := c.policy.weight.Load(); int(got) != weight {
		t.Errorf("the policy has a weight of %d, the engine of %d", got, weight)
	}
}

// TestHotnessIsKept: after Close and open, what was read is what stays.
func TestHotnessIsKept(t *testing.T) {
	dir, ctx := t.TempDir(), t.Context()
	config := PersistentConfig{MaxBytes: leastDisk}
	c := openPersistent(t, dir, config)
	value := make([]byte, 1000)
	hot := func(i int) string { return fmt.Sprint("hot", i) }
	for i := range 100 {
		_ = c.Set(ctx, hot(i), value, 0)
		_, _ = c.Get(ctx, hot(i))
	}
	flood := func(name string) (n int) {
		for i := range 1000 {
			if err := c.Set(ctx, fmt.Sprint(name, i), value, 0); err != nil {
				t.Fatal(err)
			}
		}
		for i := range 100 {
			if ok, _ := c.Exists(ctx, hot(i)); ok {
				n++
			}
		}
		return n
	}
	if n := flood("a"); n < 95 {
		t.Fatalf("%d of 100 hot keys are left before the restart", n)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	c = openPersistent(t, dir, config)
	if n := flood("b"); n < 95 {
		t.Errorf("%d of 100 hot keys are left after the restart", n)
	}
}

// killedDir names the directory in which this process plays the child.
const killedDir = "CACHE_TEST_KILLED_DIR"

// warmConfig holds about a third of what the trace asks for.
func warmConfig() PersistentConfig { return PersistentConfig{MaxBytes: 4 << 20} }

const warmTrace = 25_000

// TestChildIsKilled is no test: it is the process that is killed. It plays a
// trace, says how well it went, and waits.
func TestChildIsKilled(t *testing.T) {
	dir := os.Getenv(killedDir)
	if dir == "" {
		t.Skip("the child of TestWarmAfterKill")
	}
	c := openPersistent(t, dir, warmConfig())
	keys := zipf(2*warmTrace, 1)
	playPersistent(t, c, keys[:warmTrace])
	fmt.Printf("ratio %.4f\n", playPersistent(t, c, keys[warmTrace:]))
	_ = c.Set(t.Context(), "deleted", []byte("v"), 0)
	_ = c.Delete(t.Context(), "deleted")
	fmt.Println("ready")
	select {}
}

// playPersistent plays a trace, checks every value, and returns the hit ratio.
func playPersistent(t testing.TB, c *PersistentCache, keys []uint64) float64 {
	t.Helper()
	hits := 0
	value := make([]byte, 256)
	for _, k := range keys {
		binary.BigEndian.PutUint64(value, k)
		key := fmt.Sprint("key:", k)
		got, err := c.Get(t.Context(), key)
		switch {
		case err == nil && !bytes.Equal(got, value):
			t.Fatal("a wrong value")
		case err == nil:
			hits++
			continue
		case !errors.Is(err, ErrNotFound):
			t.Fatal(err)
		}
		if err := c.Set(t.Context(), key, value, 0); err != nil {
			t.Fatal(err)
		}
	}
	return float64(hits) / float64(len(keys))
}

// TestWarmAfterKill: a process is killed, and the next one has at least 95 %
// of its hit ratio at once.
func TestWarmAfterKill(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: it starts processes")
	}
	dir := t.TempDir()
	ctx, kill := context.WithCancel(t.Context())
	defer kill()
	child := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestChildIsKilled$", "-test.v")
	child.Env = append(os.Environ(), killedDir+"="+dir)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	before := 0.0
	var said strings.Builder
	for line, b := "", make([]byte, 1); line != "ready"; {
		n, err := out.Read(b)
		if err != nil {
			t.Fatalf("the child: %v\n%s", err, said.String())
		}
		said.Write(b[:n])
		if line += string(b[:n]); strings.HasSuffix(line, "\n") {
			if _, err := fmt.Sscanf(line, "ratio %f", &before); err == nil {
				t.Logf("before: %.2f %%", 100*before)
			}
			line = ""
		}
	}
	kill()
	_ = child.Wait()

	c := openPersistent(t, dir, warmConfig())
	c.checkPolicy(t)
	if ok, err := c.Exists(t.Context(), "deleted"); ok || err != nil {
		t.Errorf("a deleted key: %v, %v", ok, err)
	}
	after := playPersistent(t, c, zipf(warmTrace, 2))
	t.Logf("after: %.2f %%", 100*after)
	if after < 0.95*before {
		t.Errorf("the hit ratio was %.4f, and is %.4f after the kill", before, after)
	}
}
