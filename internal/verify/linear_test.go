package verify

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/spcent/plumego/store/kv"
)

const (
	callers   = 8
	histories = 300
)

// TestLinearizable, T17, has eight callers at few keys at once, under all
// policies, while tiny segments fill, are compacted and swept, and time
// passes. Then it looks for an order in which one caller alone could have
// made all these calls and been told the same.
//
// A failure means that there is none: somebody was shown a state that never
// was, or that was no longer. The history of the key is printed, and a page
// that draws it is left in the temporary directory. "Unknown" is a history for which no
// order was found in time, which is a failure of the test, not yet of the
// store.
func TestLinearizable(t *testing.T) {
	calls, most := 0, rounds(histories)
	for n := range most {
		history := concurrent(t, n)
		calls += len(history)
	}
	t.Logf("T17: %d histories, %d calls of %d callers, all linearizable, seed %d", most, calls, callers, *seed)
}

// concurrent makes one history and checks it.
func concurrent(t *testing.T, n int) []porcupine.Operation {
	rng := randomFor("T17", n)
	dir := scratch(t)
	defer os.RemoveAll(dir)
	if n%4 == 0 {
		dir = t.TempDir() // where syncs take their time
	}
	clock := newHandClock()
	start := clock.millis.Load()
	s := open(t, kv.Options{
		DataDir: dir, SegmentSize: 1 << 10, Now: clock.now, SyncEvery: time.Millisecond,
		SweepInterval:   time.Duration(rng.IntN(2)*2 - 1),
		CompactInterval: time.Duration(rng.IntN(2)*2 - 1),
	})
	h := &historian{s: s, clock: clock, keys: 4 + rng.IntN(13), some: 25 + rng.IntN(26)}
	var working, tidying sync.WaitGroup
	var done atomic.Bool
	for range 1 + rng.IntN(2) {
		tidying.Go(func() { tidyUp(t, s, &done) })
	}
	parts := make([][]porcupine.Operation, callers)
	for id := range callers {
		rng := rand.New(rand.NewPCG(rng.Uint64(), 0))
		working.Go(func() { parts[id] = h.caller(t, id, rng) })
	}
	working.Wait()
	done.Store(true)
	tidying.Wait()

	var history []porcupine.Operation
	for _, part := range parts {
		history = append(history, part...)
	}
	requireLinear(t, start, history, fmt.Sprintf("-seed %d, history %d", *seed, n))
	_, err := s.Verify(t.Context())
	if err := errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
	return history
}

// tidyUp compacts and sweeps until all is done.
func tidyUp(t *testing.T, s *kv.KVStore, done *atomic.Bool) {
	for !done.Load() {
		if err := s.Compact(t.Context()); err != nil {
			t.Error(err)
			return
		}
		s.Len()
	}
}

// historian notes what callers do, in an order of its own counting: one call
// came before another if it had ended when the other began.
type historian struct {
	s     *kv.KVStore
	clock *handClock
	ticks atomic.Int64
	keys  int
	some  int // calls of each caller
}

// caller makes calls and returns them.
func (h *historian) caller(t *testing.T, id int, rng *rand.Rand) (ops []porcupine.Operation) {
	seen := memory{}
	for i := range h.some {
		c := newCall(rng, h.keys, seen, fmt.Sprint(id*1_000_000+i*1_000), h.clock.millis.Load())
		s := h.s.WithSync(kv.SyncPolicy(rng.IntN(3)))
		began := h.ticks.Add(1)
		a, err := c.do(s, h.clock)
		if err != nil {
			t.Errorf("%+v: %v", c, err)
			return ops
		}
		seen.note(c, a)
		if c.kind == "time" {
			c.deadline, a.sum = a.sum, 0
		}
		ops = append(ops, porcupine.Operation{ClientId: id, Input: c, Call: began, Output: a, Return: h.ticks.Add(1)})
	}
	return ops
}

// memory is the value that each key had when one caller last learnt of it,
// so that what its conditions expect may be so.
type memory map[string]string

// note remembers what a call has told.
func (m memory) note(c call, a answer) {
	switch {
	case c.kind == "get":
		m[c.key] = a.value
	case c.kind == "incr":
		m[c.key] = strconv.FormatInt(a.sum, 10)
	case c.value != "" && (a.there || c.kind != "claim" && c.kind != "swap"):
		m[c.key] = c.value
	}
}

// newCall draws a call. Values are numbers, so that all of them count, and
// no two are the same.
func newCall(rng *rand.Rand, keys int, seen memory, value string, now int64) call {
	c := call{key: fmt.Sprint("key-", rng.IntN(keys)), began: now}
	switch rng.IntN(30) {
	case 0, 1, 2, 3, 4, 5, 6, 7:
		c.kind = "get"
	case 8, 9, 10:
		c.kind, c.value = "set", value
	case 11, 12:
		c.kind, c.value, c.deadline = "set until", value, now+rng.Int64N(40)
	case 13, 14, 15:
		c.kind = "delete"
	case 16, 17, 18:
		c.kind, c.delta = "incr", 1+rng.Int64N(9)
	case 19, 20:
		c.kind, c.value = "claim", value
	case 21, 22, 23, 24:
		c.kind, c.value, c.old = "swap", value, seen[c.key]
	case 25, 26:
		c.kind, c.old = "drop", seen[c.key]
	case 27, 28:
		c.kind, c.value = "exchange", value
	default:
		c = call{kind: "time", delta: 1 + rng.Int64N(9), began: now}
	}
	return c
}

// do makes the call. What time it has become is in sum.
func (c call) do(s *kv.KVStore, clock *handClock) (a answer, err error) {
	switch c.kind {
	case "get":
		value, err := s.Get(c.key)
		if errors.Is(err, kv.ErrKeyNotFound) {
			return answer{}, nil
		}
		return answer{there: true, value: string(value)}, err
	case "set":
		return answer{}, s.Set(c.key, []byte(c.value), 0)
	case "set until":
		return answer{}, s.SetUntil(c.key, []byte(c.value), time.UnixMilli(c.deadline))
	case "delete":
		return answer{}, s.Delete(c.key)
	case "incr":
		a.sum, err = s.Incr(c.key, c.delta, 0)
		return a, err
	case "claim":
		a.there, err = s.SetNX(c.key, []byte(c.value), 0)
		return a, err
	case "swap":
		a.there, err = s.CompareAndSwap(c.key, []byte(c.old), []byte(c.value), 0)
		return a, err
	case "drop":
		a.there, err = s.CompareAndDelete(c.key, []byte(c.old))
		return a, err
	case "exchange":
		return c.exchange(s)
	case "time":
		return answer{sum: clock.millis.Add(c.delta)}, nil
	}
	return a, errors.New("unknown call " + strconv.Quote(c.kind))
}

// exchange sets a key and returns what it had, by a transaction.
func (c call) exchange(s *kv.KVStore) (a answer, err error) {
	err = s.Update(func(tx *kv.Tx) error {
		value, err := tx.Get(c.key)
		if err != nil && !errors.Is(err, kv.ErrKeyNotFound) {
			return err
		}
		a = answer{there: err == nil, value: string(value)}
		return tx.Set(c.key, []byte(c.value), 0)
	})
	return a, err
}
