package kv

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// historian does random operations to a store, keeps the ledger of what it
// should hold, and a copy of it for every snapshot that is open.
type historian struct {
	t     *testing.T
	rng   *rand.Rand
	s     *KVStore
	clock *handClock
	book  ledger
	open  []chapter
}

// chapter is a snapshot and what it should show.
type chapter struct {
	*Snapshot
	book ledger
}

// TestModelOfSnapshots has up to five snapshots open at once, closed in any
// order. Run one again with -seed N.
func TestModelOfSnapshots(t *testing.T) {
	for round := range fewer(20) {
		clock := newHandClock()
		opts := onDisk(newDisk(t), clock)
		h := &historian{t: t, rng: randomFor("snapshots", round), clock: clock, book: ledger{}, s: mustOpen(t, opts)}
		for step := range 400 {
			h.step(fmt.Sprintf("seed %d, round %d, step %d", *seed, round, step))
		}
		for len(h.open) > 0 {
			h.close(0)
		}
		requireHoldings(t, h.book.at(clock.millis()), h.s, "at the end")
		require.NoError(t, h.s.Close())
		h.s = mustOpenAgain(t, opts)
		requireHoldings(t, h.book.at(clock.millis()), h.s, "opened again")
		require.NoError(t, h.s.Close())
	}
}

func (h *historian) step(where string) {
	s := h.s.WithSync(SyncPolicy(h.rng.IntN(3)))
	key := h.key()
	switch h.rng.IntN(14) {
	case 0, 1, 2:
		ttl := h.ttl()
		value := strings.Repeat("v", h.rng.IntN(100))
		require.NoError(h.t, s.Set(key, []byte(value), ttl), where)
		h.book[key] = holding{value, h.deadline(ttl)}
	case 3, 4:
		require.NoError(h.t, s.Delete(key), where)
		delete(h.book, key)
	case 5:
		h.touch(s, key, where)
	case 6:
		h.clock.pass(time.Duration(h.rng.IntN(20)) * time.Millisecond)
		h.book = h.book.at(h.clock.millis())
	case 7:
		s.Len() // sweeps
	case 8:
		s.engine.index.Fold()
	case 9:
		if len(h.open) < 5 {
			h.open = append(h.open, chapter{mustSnapshot(h.t, s), h.book.clone()})
		}
	case 10:
		if len(h.open) > 0 {
			h.close(h.rng.IntN(len(h.open)))
		}
	default:
		if len(h.open) > 0 {
			h.look(h.open[h.rng.IntN(len(h.open))], where)
		}
	}
}

// key is one of few, some of which begin others, some of them binary.
func (h *historian) key() string {
	return []string{"k", "k\x00", "\xff"}[h.rng.IntN(3)] + strings.Repeat("k", h.rng.IntN(3)) + string([]byte{byte(h.rng.IntN(8)) * 36})
}

func (h *historian) ttl() time.Duration { return time.Duration(h.rng.IntN(4)*15) * time.Millisecond }

func (h *historian) deadline(ttl time.Duration) int64 {
	if ttl == 0 {
		return 0
	}
	return h.clock.in(ttl)
}

func (h *historian) touch(s *KVStore, key, where string) {
	ttl := h.ttl()
	was, there := h.book[key]
	err := s.Expire(key, ttl)
	if !there {
		require.ErrorIs(h.t, err, ErrKeyNotFound, where)
		return
	}
	require.NoError(h.t, err, where)
	h.book[key] = holding{was.value, h.deadline(ttl)}
}

func (h *historian) close(i int) {
	h.look(h.open[i], "before it is closed")
	require.NoError(h.t, h.open[i].Close())
	h.open = slices.Delete(h.open, i, i+1)
}

// look reads all of a snapshot, a key, a prefix and a range of it.
func (h *historian) look(c chapter, where string) {
	requireThen(h.t, c.book, c.Snapshot, where)
	key := h.key()
	_, there := c.book[key]
	require.Equal(h.t, there, c.Exists(key), where)

	from, to, prefix := h.key(), h.key(), key[:1]
	var inRange, inPrefix []string
	for _, key := range slices.Sorted(maps.Keys(c.book)) {
		if key >= from && key < to {
			inRange = append(inRange, key)
		}
		if strings.HasPrefix(key, prefix) {
			inPrefix = append(inPrefix, key)
		}
	}
	require.Equal(h.t, inPrefix, keysOf(h.t, c.Scan(prefix)), where)
	require.Equal(h.t, inPrefix, collect(c.Keys(prefix)), where)
	require.Equal(h.t, inRange, keysOf(h.t, c.ScanRange(from, to)), where)
	slices.Reverse(inRange)
	require.Equal(h.t, inRange, keysOf(h.t, c.ScanRange(from, to, Reverse())), where)
}

// TestSnapshotsBesideEverything has writers move one unit at a time from key
// to key under no lock but their own, a sweeper, and takers of snapshots, in
// each of which the units of every writer are all there, but for one on its
// way.
func TestSnapshotsBesideEverything(t *testing.T) {
	const writers, units = 4, 20
	opts := Options{InMemory: true, SegmentSize: 64 << 10, SweepInterval: time.Microsecond}
	s := mustOpen(t, opts)
	for w := range writers {
		for i := range units {
			require.NoError(t, s.Set(fmt.Sprintf("w%d-%d", w, i), []byte("unit"), 0))
		}
	}
	var working, looking sync.WaitGroup
	var stop atomic.Bool
	for w := range writers {
		working.Go(func() { moveUnits(t, s.WithSync(SyncPolicy(w%3)), w, fewer(3000)) })
	}
	for range 3 {
		looking.Go(func() {
			for !stop.Load() {
				countUnits(t, s, writers, units)
			}
		})
	}
	working.Wait()
	stop.Store(true)
	looking.Wait()
	require.Zero(t, s.Stats().Snapshots)
	require.NoError(t, s.Close())
}

// moveUnits deletes a key of its own and sets another, again and again, and
// between them sets one that is soon to die.
func moveUnits(t *testing.T, s *KVStore, w, steps int) {
	rng := randomFor("units", w)
	at := make([]int, 20)
	for i := range at {
		at[i] = i
	}
	for step := range steps {
		i, next := rng.IntN(len(at)), 20+step
		err := s.Delete(fmt.Sprintf("w%d-%d", w, at[i]))
		if err == nil {
			err = s.Set(fmt.Sprintf("dying-%d-%d", w, step), nil, time.Millisecond)
		}
		if err == nil {
			err = s.Set(fmt.Sprintf("w%d-%d", w, next), []byte("unit"), 0)
		}
		if err != nil {
			t.Error(err)
			return
		}
		at[i] = next
	}
}

// countUnits looks at one snapshot forward, backward and by key.
func countUnits(t *testing.T, s *KVStore, writers, units int) {
	err := s.View(func(n *Snapshot) error {
		total := 0
		for w := range writers {
			prefix := fmt.Sprintf("w%d-", w)
			keys := keysOf(t, n.Scan(prefix))
			if len(keys) != units && len(keys) != units-1 {
				t.Errorf("writer %d has %d units, want %d or one less", w, len(keys), units)
			}
			back := keysOf(t, n.ScanRange(prefix, after(prefix), Reverse()))
			slices.Reverse(back)
			if !slices.Equal(keys, back) {
				t.Errorf("writer %d: %d keys forward, %d backward", w, len(keys), len(back))
			}
			for _, key := range keys {
				if !n.Exists(key) {
					t.Error("a key of a scan does not exist")
				}
			}
			total += len(keys)
		}
		if dying := len(collect(n.Keys("dying-"))); n.Len() != total+dying {
			t.Errorf("Len is %d, want %d and %d", n.Len(), total, dying)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// TestSnapshotClosedAmidReaders closes snapshots while others read them: each
// read is right or ErrSnapshotClosed.
func TestSnapshotClosedAmidReaders(t *testing.T) {
	s := mustOpen(t, Options{InMemory: true, Sync: SyncNever})
	for round := range fewer(200) {
		for i := range 50 {
			require.NoError(t, s.Set(fmt.Sprintf("key-%02d", i), fmt.Appendf(nil, "%d", round), 0))
		}
		n := mustSnapshot(t, s)
		var readers sync.WaitGroup
		started := make(chan struct{}, 2)
		for range 2 {
			readers.Go(func() {
				started <- struct{}{}
				readUntilClosed(t, n, fmt.Sprint(round))
			})
		}
		for i := range 50 {
			require.NoError(t, s.Delete(fmt.Sprintf("key-%02d", i)))
		}
		<-started
		<-started
		require.NoError(t, n.Close())
		readers.Wait()
	}
	require.NoError(t, s.Close())
}

func readUntilClosed(t *testing.T, n *Snapshot, want string) {
	for {
		count := 0
		for item, err := range n.ScanRange("", "") {
			if err != nil {
				if err != ErrSnapshotClosed {
					t.Error(err)
				}
				return
			}
			if string(item.Value) != want {
				t.Errorf("got %s, want %s", item.Value, want)
			}
			count++
		}
		if count != 50 {
			t.Errorf("a scan of %d keys, want 50", count)
		}
		if value, err := n.Get("key-07"); err != ErrSnapshotClosed && (err != nil || string(value) != want) {
			t.Errorf("got %s, %v, want %s", value, err, want)
		}
	}
}
