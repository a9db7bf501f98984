package kv

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store/internal/record"
)

// TestModelOfRoom does random operations to a store with MaxBytes and to a
// ledger, which says of each write whether it fits. Those that do are never
// refused, the others always, and the log never exceeds its bound. Run one
// again with -seed N.
func TestModelOfRoom(t *testing.T) {
	var all tenant
	for round := range fewer(60) {
		rng := randomFor("room", round)
		n := &tenant{t: t, rng: rng, clock: newHandClock(), book: ledger{}}
		n.opts = Options{Now: n.clock.now, SweepInterval: -1, MaxBytes: []int64{minMaxBytes, 100_000, 1 << 20}[rng.IntN(3)]}
		if rng.IntN(2) == 0 {
			n.opts.InMemory = true
		} else {
			n.opts.DataDir = t.TempDir()
		}
		n.keys, n.longest = 1+rng.IntN(200), []int{100, 1000, 4000, 30000}[rng.IntN(4)]
		n.s = mustOpen(t, n.opts)
		for step := range 1000 {
			n.step(fmt.Sprintf("seed %d, round %d, step %d", *seed, round, step))
		}
		requireHoldings(t, n.book, n.s, "at the end")
		if !n.opts.InMemory {
			require.NoError(t, n.s.Close())
			n.s = mustOpenAgain(t, n.opts)
			requireHoldings(t, n.book, n.s, "opened again")
		}
		require.NoError(t, n.s.Close())
		all.taken, all.refused = all.taken+n.taken, all.refused+n.refused
	}
	t.Logf("%d writes taken, %d refused", all.taken, all.refused)
}

// tenant lives in a store with little room.
type tenant struct {
	t     *testing.T
	rng   *rand.Rand
	s     *KVStore
	opts  Options
	clock *handClock
	book  ledger // without what has expired

	keys, longest  int
	taken, refused int
}

func (n *tenant) step(where string) {
	s := n.s
	if n.rng.IntN(4) > 0 {
		s = s.WithSync(SyncNever)
	}
	key := fmt.Sprint("key", n.rng.IntN(n.keys))
	switch n.rng.IntN(20) {
	case 0:
		require.NoError(n.t, s.Delete(key), where)
		delete(n.book, key)
	case 1:
		n.clock.pass(time.Duration(n.rng.IntN(20)) * time.Millisecond)
		n.book = n.book.at(n.clock.millis())
	case 2:
		n.touch(s, key, where)
	case 3:
		if n.rng.IntN(10) == 0 && !n.opts.InMemory {
			require.NoError(n.t, s.Close(), where)
			n.s = mustOpenAgain(n.t, n.opts)
		}
	default:
		n.set(s, key, where)
	}
	require.LessOrEqual(n.t, n.s.Stats().DiskBytes, n.opts.MaxBytes, where)
}

func (n *tenant) touch(s *KVStore, key, where string) {
	err := s.Expire(key, 50*time.Millisecond)
	h, there := n.book[key]
	if !there {
		require.ErrorIs(n.t, err, ErrKeyNotFound, where)
		return
	}
	require.NoError(n.t, err, where)
	n.book[key] = holding{h.value, n.clock.in(50 * time.Millisecond)}
}

func (n *tenant) set(s *KVStore, key, where string) {
	h := holding{value: string(make([]byte, n.rng.IntN(n.longest)))}
	ttl := time.Duration(n.rng.IntN(2)*100) * time.Millisecond
	if ttl > 0 {
		h.deadline = n.clock.in(ttl)
	}
	size, old := sizeOf(key, h), int64(0)
	if was, there := n.book[key]; there {
		old = sizeOf(key, was)
	}
	put := func(tx interface {
		Set(string, []byte, time.Duration) error
	}) error {
		return tx.Set(key, []byte(h.value), ttl)
	}
	var err error
	if n.rng.IntN(4) == 0 {
		err = s.Update(func(tx *Tx) error { return put(tx) })
	} else {
		err = put(s)
	}
	if fits := size <= old || float64(n.alive()+size-old) <= n.s.engine.mostAlive(); !fits {
		require.ErrorIs(n.t, err, ErrFull, where)
		require.False(n.t, errors.Is(err, errCrowded), where)
		n.refused++
		return
	}
	require.NoError(n.t, err, where)
	n.book[key] = h
	n.taken++
}

// alive returns how many bytes the keys need.
func (n *tenant) alive() (sum int64) {
	for key, h := range n.book {
		sum += sizeOf(key, h)
	}
	return sum
}

func sizeOf(key string, h holding) int64 { return record.Size(len(key), len(h.value)) }
