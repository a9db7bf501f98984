package kv_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store/kv"
)

// A writer does the operations 1, 2, 3 and so on, which overwrite and delete a
// few keys, so that what a store holds tells how many of them it has. Readers
// open it again and again, and must see a prefix that has everything which had
// been acknowledged before they began.

const (
	orderKeys   = 47 // operation n is on key n modulo this
	orderDelete = 5  // every fifth is a delete
	orderDir    = "KV_ORDER_CHILD_DIR"
)

// orderOptions makes small segments, so that there is always a rotation or a
// compaction under way.
func orderOptions(dir string) kv.Options {
	return kv.Options{DataDir: dir, SegmentSize: 4 << 10}
}

// orderAfter returns what a store holds after n operations.
func orderAfter(n int) map[string]string {
	m := map[string]string{}
	for key := range orderKeys {
		if last := n - (n-key%orderKeys+orderKeys)%orderKeys; last > 0 && last%orderDelete != 0 {
			m[strconv.Itoa(key)] = orderValue(last)
		}
	}
	return m
}

func orderValue(n int) string { return strconv.Itoa(n) + " " + strings.Repeat("v", n%300) }

// orderOp does an operation.
func orderOp(s *kv.KVStore, n int) error {
	key := strconv.Itoa(n % orderKeys)
	if n%orderDelete == 0 {
		return s.Delete(key)
	}
	return s.Set(key, []byte(orderValue(n)), 0)
}

// orderIn returns how many operations a store has.
func orderIn(s *kv.KVStore) (int, error) {
	got, n := map[string]string{}, 0
	for item, err := range s.Scan("") {
		if err != nil {
			return 0, err
		}
		got[item.Key] = string(item.Value)
		text, _, _ := strings.Cut(string(item.Value), " ")
		i, err := strconv.Atoi(text)
		if err != nil {
			return 0, err
		}
		n = max(n, i)
	}
	// The newest value tells, but for a delete behind it.
	for _, n := range []int{n, n + 1} {
		if equalMaps(orderAfter(n), got) {
			return n, nil
		}
	}
	return 0, fmt.Errorf("what is there after %d operations is no prefix", n)
}

// orderWrite opens the store and goes on where it ends, until stop says so.
func orderWrite(dir string, policy kv.SyncPolicy, stop func(n int) bool, acked func(n int)) error {
	s, err := kv.NewKVStore(orderOptions(dir))
	if err != nil {
		return err
	}
	n, err := orderIn(s)
	if err != nil {
		return err
	}
	for n++; !stop(n); n++ {
		if err := orderOp(s.WithSync(policy), n); err != nil {
			return err
		}
		acked(n)
	}
	return s.Close()
}

// orderCount counts what readers met.
type orderCount struct {
	opens, empty, clean, ahead atomic.Int64
	segments                   atomic.Int64
}

// orderRead opens the store once beside its writer, reads all in every way,
// and checks that.
func orderRead(dir, copied string, acked *atomic.Int64, c *orderCount) error {
	before := int(acked.Load())
	opts := orderOptions(dir)
	opts.ReadOnly = true
	s, err := kv.NewKVStore(opts)
	if err != nil {
		if before == 0 { // the writer has not made it yet
			c.empty.Add(1)
			return nil
		}
		return fmt.Errorf("open after %d operations: %w", before, err)
	}
	n, err := orderIn(s)
	if err != nil {
		return fmt.Errorf("open after %d operations: %w", before, err)
	}
	if n < before {
		return fmt.Errorf("after %d operations only %d are there", before, n)
	}
	if _, err := s.Verify(context.Background()); err != nil {
		return fmt.Errorf("verify: %w", err)
	}
	if _, err := s.Inspect(context.Background()); err != nil {
		return fmt.Errorf("inspect: %w", err)
	}
	if err := orderCopy(s, copied, n); err != nil {
		return fmt.Errorf("copy: %w", err)
	}
	if again, err := orderIn(s); err != nil || again != n {
		return fmt.Errorf("%d operations were there, and now %d, %w", n, again, err)
	}
	st := s.Stats()
	c.opens.Add(1)
	c.segments.Add(int64(st.Segments))
	if st.Recovery.Clean {
		c.clean.Add(1)
	}
	if n > int(acked.Load()) {
		c.ahead.Add(1)
	}
	return s.Close()
}

// orderCopy backs a store up, if copied names a directory, and wants so many
// operations in the copy.
func orderCopy(s *kv.KVStore, copied string, n int) error {
	if copied == "" {
		return nil
	}
	if err := s.Backup(context.Background(), copied); err != nil {
		return err
	}
	c, err := kv.NewKVStore(orderOptions(copied))
	if err != nil {
		return err
	}
	defer c.Close()
	got, err := orderIn(c)
	if err == nil && got != n {
		err = fmt.Errorf("%d operations of %d", got, n)
	}
	return err
}

// TestOrderChild is the child. On its own it does nothing.
func TestOrderChild(t *testing.T) {
	dir := os.Getenv(orderDir)
	if dir == "" {
		t.Skip("this is the child process of TestReadersSeeAPrefix")
	}
	policy, _ := strconv.Atoi(os.Getenv("KV_ORDER_POLICY"))
	last, _ := strconv.Atoi(os.Getenv("KV_ORDER_LAST"))
	err := orderWrite(dir, kv.SyncPolicy(policy),
		func(n int) bool { return n > last },
		func(n int) { say(fmt.Sprintf("ack %d\n", n)) })
	require.NoError(t, err)
	say("closed 0\n")
}

// orderLife runs a child until it closes the store, or is killed when it has
// acknowledged so many operations.
func orderLife(t *testing.T, dir string, policy kv.SyncPolicy, last, kill int, acked *atomic.Int64) {
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestOrderChild$", "-test.v=false")
	child.Env = append(os.Environ(), orderDir+"="+dir,
		"KV_ORDER_POLICY="+strconv.Itoa(int(policy)), "KV_ORDER_LAST="+strconv.Itoa(last))
	out, err := child.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	closed := false
	for lines := bufio.NewScanner(out); lines.Scan(); {
		var word string
		var n int
		if _, err := fmt.Sscan(lines.Text(), &word, &n); err != nil {
			continue // of the test binary itself
		}
		switch {
		case word == "closed":
			closed = true
		case word == "ack" && strings.HasPrefix(lines.Text(), "ack "):
			acked.Store(int64(n))
			if n == kill {
				_ = child.Process.Kill()
			}
		}
	}
	if err := child.Wait(); kill > last {
		require.NoError(t, err)
		require.True(t, closed)
	}
}

// TestReadersSeeAPrefix has a child process write, which closes the store or
// is killed, and goes on in its next life; and readers in this process.
func TestReadersSeeAPrefix(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv("KV_ORDER_SEED"); text != "" {
		seed, _ = strconv.ParseUint(text, 10, 64)
	}
	rng := rand.New(rand.NewPCG(seed, 1))
	lives := 8
	if testing.Short() {
		lives = 3
	}
	for _, policy := range []kv.SyncPolicy{kv.SyncAlways, kv.SyncNever} {
		dir := filepath.Join(t.TempDir(), "store")
		var acked atomic.Int64
		var c orderCount
		done := make(chan struct{})
		var readers sync.WaitGroup
		for reader := range 2 {
			readers.Go(func() { orderReadOn(t, dir, reader, done, &acked, &c) })
		}
		kills := 0
		for range lives {
			last := int(acked.Load()) + 200 + rng.IntN(2000)
			kill := last + 1
			if rng.IntN(2) == 0 {
				kill = int(acked.Load()) + 1 + rng.IntN(last-int(acked.Load()))
				kills++
			}
			orderLife(t, dir, policy, last, kill, &acked)
		}
		close(done)
		readers.Wait()
		t.Logf("policy %d: %d operations, %d lives, %d killed; %d opens beside them, %d at a clean manifest, %d ahead of what was told, %d too early, %d segments at a time; KV_ORDER_SEED=%d",
			policy, acked.Load(), lives, kills, c.opens.Load(), c.clean.Load(), c.ahead.Load(), c.empty.Load(), c.segments.Load()/max(1, c.opens.Load()), seed)
	}
}

// orderReadOn reads until done, and copies the store now and then.
func orderReadOn(t *testing.T, dir string, reader int, done chan struct{}, acked *atomic.Int64, c *orderCount) {
	for i := 0; ; i++ {
		select {
		case <-done:
			return
		default:
		}
		copied := ""
		if i%8 == reader {
			copied = filepath.Join(t.TempDir(), "copy")
		}
		if err := orderRead(dir, copied, acked, c); err != nil {
			t.Error(err)
			return
		}
	}
}

// TestReadersSeeAPrefixInOneProcess is the same with writer and readers in one
// process, for the race detector.
func TestReadersSeeAPrefixInOneProcess(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store")
	var acked atomic.Int64
	var c orderCount
	done := make(chan struct{})
	var readers sync.WaitGroup
	for reader := range 2 {
		readers.Go(func() { orderReadOn(t, dir, reader, done, &acked, &c) })
	}
	for life := range 4 {
		policy := []kv.SyncPolicy{kv.SyncNever, kv.SyncAlways}[life%2]
		opens, last := c.opens.Load()+10, int(acked.Load())+400
		err := orderWrite(dir, policy,
			func(n int) bool { return n > last && c.opens.Load() >= opens || t.Failed() },
			func(n int) { acked.Store(int64(n)) })
		require.NoError(t, err)
	}
	close(done)
	readers.Wait()
	t.Logf("%d operations, %d opens beside them, %d at a clean manifest, %d segments at a time",
		acked.Load(), c.opens.Load(), c.clean.Load(), c.segments.Load()/max(1, c.opens.Load()))
}
