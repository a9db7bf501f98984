package kv_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store/kv"
)

// T22: a real process on a real directory is killed at a random moment, and
// the parent knows what it had been told. The child is this test binary; it
// announces each operation before it begins and after it was acknowledged,
// by a write of its own, so that the parent's knowledge is exact: per writer
// a number of acknowledged operations, and at most one in flight.

const (
	killRounds  = 40
	killWriters = 4
	killKeys    = 20
	childDir    = "KV_KILL_CHILD_DIR" // its presence makes this a child
)

// killOp is the i-th operation of a writer, the same in parent and child.
type killOp struct {
	key   string
	kind  int // 0 to 5: Set, 6: Delete, 7: Expire, 8 and 9: Incr
	value string
}

func killOpAt(writer, i int) killOp {
	rng := rand.New(rand.NewPCG(uint64(writer), uint64(i)))
	op := killOp{kind: rng.IntN(10)}
	op.key = fmt.Sprintf("w%d-%d", writer, rng.IntN(killKeys))
	if op.kind >= 8 {
		op.key = fmt.Sprintf("w%d-counter", writer)
	}
	op.value = strings.Repeat(fmt.Sprintf("%d/%d ", writer, i), 1+rng.IntN(40))
	return op
}

// do runs the operation on a store.
func (op killOp) do(s *kv.KVStore) error {
	switch op.kind {
	case 6:
		return s.Delete(op.key)
	case 7:
		if err := s.Expire(op.key, time.Hour); err != nil && s.Exists(op.key) {
			return err
		}
		return nil
	case 8, 9:
		_, err := s.Incr(op.key, 1, 0)
		return err
	}
	return s.Set(op.key, []byte(op.value), time.Duration(op.kind)*time.Hour)
}

// apply runs the operation on a model.
func (op killOp) apply(m map[string]string) {
	switch op.kind {
	case 6:
		delete(m, op.key)
	case 7:
	case 8, 9:
		n, _ := strconv.Atoi(m[op.key])
		m[op.key] = strconv.Itoa(n + 1)
	default:
		m[op.key] = op.value
	}
}

// TestKillChild is the child. On its own it does nothing.
func TestKillChild(t *testing.T) {
	dir := os.Getenv(childDir)
	if dir == "" {
		t.Skip("this is the child process of TestKilledProcessLosesNothing")
	}
	policy, _ := strconv.Atoi(os.Getenv("KV_KILL_POLICY"))
	say("open 0 0\n")
	s, err := kv.NewKVStore(kv.Options{DataDir: dir, SegmentSize: 64 << 10, Sync: kv.SyncPolicy(policy), SyncEvery: time.Millisecond})
	require.NoError(t, err)
	var wg sync.WaitGroup
	for w, from := range strings.Split(os.Getenv("KV_KILL_FROM"), ",") {
		i, _ := strconv.Atoi(from)
		wg.Go(func() {
			for ; ; i++ {
				say(fmt.Sprintf("begin %d %d\n", w, i))
				if err := killOpAt(w, i).do(s); err != nil {
					say(fmt.Sprintf("failed %d %d %v\n", w, i, err))
					return
				}
				say(fmt.Sprintf("ack %d %d\n", w, i))
			}
		})
	}
	wg.Wait()
}

// say writes a line to the parent at once.
func say(line string) { _, _ = os.Stdout.WriteString(line) }

// killWriter is what the parent knows of a writer.
type killWriter struct {
	done     int               // operations that are in model for certain
	inFlight bool              // operation number done had begun
	model    map[string]string // after done operations
}

func TestKilledProcessLosesNothing(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv("KV_KILL_SEED"); text != "" {
		seed, _ = strconv.ParseUint(text, 10, 64)
	}
	rng := rand.New(rand.NewPCG(seed, 22))
	acks, flights := 0, 0
	for policy := range 3 {
		dir := filepath.Join(t.TempDir(), "store")
		writers := make([]killWriter, killWriters)
		for w := range writers {
			writers[w].model = map[string]string{}
		}
		for round := range killRounds/3 + 1 {
			n := rng.IntN(2000)
			if round%8 == 7 {
				n = 0 // while it opens
			}
			acks += runAndKill(t, dir, policy, n, writers)
			for w := range writers {
				if writers[w].inFlight {
					flights++
				}
			}
			checkSurvivors(t, dir, writers, fmt.Sprintf("KV_KILL_SEED=%d policy %d round %d", seed, policy, round))
		}
	}
	t.Logf("T22: %d kills, %d acknowledged operations, %d in flight, seed %d", 3*(killRounds/3+1), acks, flights, seed)
}

// runAndKill starts a child, kills it after it has reported n acks, and notes
// what it said.
func runAndKill(t *testing.T, dir string, policy, n int, writers []killWriter) (acks int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	child := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestKillChild$", "-test.v=false")
	var from []string
	for _, w := range writers {
		from = append(from, strconv.Itoa(w.done))
	}
	child.Env = append(os.Environ(), childDir+"="+dir,
		"KV_KILL_POLICY="+strconv.Itoa(policy), "KV_KILL_FROM="+strings.Join(from, ","))
	out, err := child.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	lines := bufio.NewReader(out)
	for {
		line, err := lines.ReadString('\n')
		if err != nil { // a last line that was cut says nothing
			require.ErrorIs(t, err, io.EOF)
			break
		}
		var word string
		var w, i int
		if _, err := fmt.Sscan(line, &word, &w, &i); err != nil {
			t.Fatalf("child said %q", line)
		}
		switch word {
		case "begin":
			require.Equal(t, writers[w].done, i)
			writers[w].inFlight = true
		case "ack":
			killOpAt(w, i).apply(writers[w].model)
			writers[w].done, writers[w].inFlight = i+1, false
			acks++
		case "failed":
			t.Fatalf("child said %q", line)
		}
		if acks >= n {
			_ = child.Process.Kill() // and read on what it had said before
		}
	}
	_ = child.Wait()
	return acks
}

// checkSurvivors opens the store and holds it to what the writers know.
func checkSurvivors(t *testing.T, dir string, writers []killWriter, where string) {
	t.Helper()
	if _, err := os.Stat(dir); os.IsNotExist(err) {
		return // killed before it made the directory
	}
	s, err := kv.NewKVStore(kv.Options{DataDir: dir, SegmentSize: 64 << 10})
	require.NoError(t, err, where)
	got := make([]map[string]string, len(writers))
	for w := range writers {
		got[w] = map[string]string{}
		for item, err := range s.Scan(fmt.Sprintf("w%d-", w)) {
			require.NoError(t, err, where)
			got[w][item.Key] = string(item.Value)
		}
	}
	_, err = s.Verify(t.Context())
	require.NoError(t, err, where)
	require.NoError(t, s.Close(), where)

	for w := range writers {
		writers[w].settle(t, w, got[w], where)
	}
}

// settle decides whether the operation in flight was done, and fails if the
// store holds neither the one state nor the other.
func (k *killWriter) settle(t *testing.T, w int, got map[string]string, where string) {
	t.Helper()
	if k.inFlight && !equalMaps(k.model, got) {
		killOpAt(w, k.done).apply(k.model)
		k.done++
	}
	k.inFlight = false
	require.Equal(t, k.model, got, "%s writer %d after %d operations", where, w, k.done)
}

func equalMaps(a, b map[string]string) bool {
	if len(a) != len(b) {
		return false
	}
	for k, v := range a {
		if w, ok := b[k]; !ok || w != v {
			return false
		}
	}
	return true
}
