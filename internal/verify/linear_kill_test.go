package verify

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/spcent/plumego/store/kv"
)

// TestLinearizableAcrossKills, T17 too, has the callers in a process that is
// killed again and again; the histories of all its lives are one. A call
// whose caller was not told how it ended was done before the kill, or never.
//
// A failure means that a kill has taken back what somebody was told, under
// whatever policy, or that a call was done which nobody made.
func TestLinearizableAcrossKills(t *testing.T) {
	const lives = 4
	calls, lost, most := 0, 0, rounds(25)
	for n := range most {
		rng := randomFor("T17 kill", n)
		l := &listener{t: t, keys: 4 + rng.IntN(13)}
		dir := filepath.Join(t.TempDir(), "store")
		for life := range lives {
			l.life(dir, life, rng)
		}
		l.readAll(dir)
		requireLinear(t, 0, l.history, fmt.Sprintf("-seed %d, history %d across kills", *seed, n))
		calls += len(l.history)
		lost += l.lost
	}
	t.Logf("T17: %d histories across %d kills each, %d calls, %d of them cut off, all linearizable, seed %d", most, lives, calls, lost, *seed)
}

// listener writes a history of what the children say. The number of a line
// is its time.
type listener struct {
	t       *testing.T
	keys    int
	ticks   int64
	history []porcupine.Operation
	pending map[int]porcupine.Operation // by caller
	lost    int
}

// life runs a child until it has said some lines.
func (l *listener) life(dir string, life int, rng *rand.Rand) {
	l.pending = map[int]porcupine.Operation{}
	most := l.ticks + rng.Int64N(800)
	runChild(l.t, "linear", func(line string) bool {
		l.ticks++
		l.hear(line)
		return l.ticks < most
	},
		"VERIFY_DIR="+dir, fmt.Sprint("VERIFY_LIFE=", life), fmt.Sprint("VERIFY_SEED=", rng.Uint64()), fmt.Sprint("VERIFY_KEYS=", l.keys))
	l.ticks++
	for _, op := range l.pending {
		op.Output, op.Return = answer{lost: true}, l.ticks
		l.history = append(l.history, op)
		l.lost++
	}
}

// hear understands "call" and "back".
func (l *listener) hear(line string) {
	var word string
	var id int
	var c call
	var a answer
	var value, old string
	_, err := fmt.Sscan(line, &word, &id, &c.kind, &c.key, &value, &old, &c.delta, &a.there, &a.sum)
	if err != nil {
		l.t.Fatalf("a child says %q: %v", line, err)
	}
	value, old = value[1:], old[1:] // a value may be empty, a word may not
	switch word {
	case "call":
		c.value, c.old = value, old
		l.pending[id] = porcupine.Operation{ClientId: id, Input: c, Call: l.ticks}
	case "back":
		op := l.pending[id]
		delete(l.pending, id)
		a.value = value
		op.Output, op.Return = a, l.ticks
		l.history = append(l.history, op)
	default:
		l.t.Fatalf("a child says %q", line)
	}
}

// readAll adds what is there in the end.
func (l *listener) readAll(dir string) {
	s := open(l.t, kv.Options{DataDir: dir, SegmentSize: 1 << 10})
	for k := range l.keys {
		c := call{kind: "get", key: fmt.Sprint("key-", k)}
		l.ticks++
		a, err := c.do(s, nil)
		if err != nil {
			l.t.Fatal(err)
		}
		l.history = append(l.history, porcupine.Operation{Input: c, Call: l.ticks, Output: a, Return: l.ticks})
	}
	_, err := s.Verify(l.t.Context())
	if err := errors.Join(err, s.Close()); err != nil {
		l.t.Fatal(err)
	}
}

// linearChild makes calls, and says each before and after, until it is
// killed.
func linearChild() error {
	life, seed, keys := number("VERIFY_LIFE"), number("VERIFY_SEED"), int(number("VERIFY_KEYS"))
	s, err := kv.NewKVStore(kv.Options{
		DataDir: os.Getenv("VERIFY_DIR"), SegmentSize: 1 << 10, SyncEvery: time.Millisecond,
		SweepInterval: 1, CompactInterval: 1,
	})
	if err != nil {
		return err
	}
	var working sync.WaitGroup
	for id := range callers {
		rng := rand.New(rand.NewPCG(seed, uint64(id)))
		working.Go(func() {
			seen := memory{}
			for i := range math.MaxInt {
				c := newCall(rng, keys, seen, fmt.Sprint((life+1)*1_000_000_000+uint64(id*100_000_000+i*1_000)), 0)
				if c.kind == "time" || c.kind == "set until" {
					continue // no clock is shared with the parent
				}
				say("call %d %s %s .%s .%s %d false 0", id, c.kind, c.key, c.value, c.old, c.delta)
				a, err := c.do(s.WithSync(kv.SyncPolicy(rng.IntN(3))), nil)
				if err != nil {
					say("failed %d: %v", id, err)
					return
				}
				seen.note(c, a)
				say("back %d %s %s .%s . %d %t %d", id, c.kind, c.key, a.value, c.delta, a.there, a.sum)
			}
		})
	}
	working.Wait()
	return nil
}
