package kv

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store/internal/vfs"
)

// gate stops the syncs of segments until it lets them go, one by one.
type gate struct {
	arrived chan struct{}
	leave   chan error
	open    chan struct{} // closed at the end of the test: all may go
	count   atomic.Int64
}

// pass is what a sync meets.
func (g *gate) pass() error {
	g.count.Add(1)
	select {
	case g.arrived <- struct{}{}:
	case <-g.open:
	}
	select {
	case err := <-g.leave:
		return err
	case <-g.open:
		return nil
	}
}

// newGate lets a store make its first segment, and then stands in the way.
func newGate(t *testing.T) (*KVStore, *gate) { return newGateAt(t, newHandClock()) }

func newGateAt(t *testing.T, clock *handClock) (*KVStore, *gate) {
	t.Helper()
	d := newDisk(t)
	s := mustOpen(t, Options{DataDir: imageDir, fs: d, SweepInterval: -1, Now: clock.now})
	require.NoError(t, s.Set("first", []byte("0"), 0))
	g := &gate{arrived: make(chan struct{}), leave: make(chan error), open: make(chan struct{})}
	d.SetHook(func(op vfs.Op) error {
		if op.Kind == vfs.OpFileSync && isSegment(op.Name) {
			return g.pass()
		}
		return nil
	})
	t.Cleanup(func() {
		close(g.open)
		if err := s.Close(); s.engine.log.Err() == nil {
			require.NoError(t, err)
		}
	})
	return s, g
}

// waiting waits until the next group has so many writes.
func waiting(t *testing.T, s *KVStore, n int) {
	t.Helper()
	eventually(t, fmt.Sprintf("%d writes in the next group", n), func() bool {
		s.engine.mu.Lock()
		defer s.engine.mu.Unlock()
		return s.engine.group != nil && len(s.engine.group.mutations) == n
	})
}

// TestOneSyncAcknowledgesMany has 20 writers arrive while a sync is running.
// It does not acknowledge them, since it may have begun before their bytes
// were there; the next one does, for all at once.
func TestOneSyncAcknowledgesMany(t *testing.T) {
	s, g := newGate(t)
	var acked atomic.Int64
	var all sync.WaitGroup
	write := func(key string) {
		all.Go(func() {
			if err := s.Set(key, []byte("v"), 0); err != nil {
				t.Error(err)
			}
			acked.Add(1)
		})
	}
	write("leader")
	<-g.arrived
	const followers = 20
	for i := range followers {
		write(fmt.Sprintf("follower-%d", i))
	}
	waiting(t, s, followers)
	require.False(t, s.Exists("leader"), "invisible until it is durable")
	require.Zero(t, acked.Load(), "nobody is told before a sync has returned")

	g.leave <- nil
	<-g.arrived // the second sync has begun: the first told the leader only
	eventually(t, "the leader is told", func() bool { return acked.Load() == 1 })
	require.True(t, s.Exists("leader"))
	require.False(t, s.Exists("follower-0"), "its sync is still running")
	g.leave <- nil
	all.Wait()
	require.Equal(t, int64(followers+1), acked.Load())
	require.Equal(t, int64(2), g.count.Load(), "syncs for 21 writes")
	for i := range followers {
		require.True(t, s.Exists(fmt.Sprintf("follower-%d", i)))
	}
}

// TestAFailedSyncTellsTheWholeGroup fails the sync that many wait for.
func TestAFailedSyncTellsTheWholeGroup(t *testing.T) {
	d := newDisk(t)
	s := mustOpen(t, onDisk(d, newHandClock()))
	require.NoError(t, s.Set("before", []byte("v"), 0))
	failSyncs(d)
	errs := make(chan error, 10)
	for i := range cap(errs) {
		go func() { errs <- s.Set(fmt.Sprintf("key-%d", i), []byte("v"), 0) }()
	}
	for range cap(errs) {
		require.ErrorIs(t, <-errs, ErrPoisoned)
	}
	require.Equal(t, []string{"before"}, collect(s.Keys("")), "reads go on, and show none of it")
	require.ErrorIs(t, s.WithSync(SyncNever).Set("key", nil, 0), ErrPoisoned)
	require.ErrorIs(t, s.Sync(), ErrPoisoned)
	require.ErrorIs(t, s.Close(), ErrPoisoned)
}

// TestReadersSeeOnlyWhatIsDurable asks every read for a write that waits for
// its sync: Set over an old value, Delete, Incr and Expire.
func TestReadersSeeOnlyWhatIsDurable(t *testing.T) {
	s, g := newGate(t)
	fast := s.WithSync(SyncNever)
	for _, key := range []string{"set", "deleted", "touched"} {
		require.NoError(t, fast.Set(key, []byte("old"), 0))
	}
	require.NoError(t, fast.Set("counter", []byte("41"), 0))
	before, err := holdings(s)
	require.NoError(t, err)

	var all sync.WaitGroup
	all.Go(func() { assert.NoError(t, s.Set("set", []byte("new"), 0)) })
	<-g.arrived
	all.Go(func() { assert.NoError(t, s.Delete("deleted")) })
	waiting(t, s, 1)
	all.Go(func() {
		sum, err := s.Incr("counter", 1, 0)
		assert.NoError(t, err)
		assert.Equal(t, int64(42), sum)
	})
	waiting(t, s, 2)
	all.Go(func() { assert.NoError(t, s.Expire("touched", 1<<40)) })
	waiting(t, s, 3)
	during, err := holdings(s)
	require.NoError(t, err)
	require.Equal(t, before, during)

	g.leave <- nil
	<-g.arrived
	g.leave <- nil
	all.Wait()
	require.False(t, s.Exists("deleted"))
	for key, want := range map[string]string{"set": "new", "counter": "42", "touched": "old"} {
		got, err := s.Get(key)
		require.NoError(t, err)
		require.Equal(t, want, string(got), key)
	}
}

// TestPoliciesOnOneKeyKeepTheirOrder writes a key under SyncNever while a write
// of it under SyncAlways waits. Were the second seen first, the first would
// then replace it.
func TestPoliciesOnOneKeyKeepTheirOrder(t *testing.T) {
	s, g := newGate(t)
	fast := s.WithSync(SyncNever)
	var all sync.WaitGroup
	all.Go(func() { assert.NoError(t, s.Set("key", []byte("durable"), 0)) })
	<-g.arrived
	all.Go(func() { assert.NoError(t, fast.Set("key", []byte("fast"), 0)) })
	waiting(t, s, 1)
	require.False(t, s.Exists("key"), "neither is seen before the first is durable")
	require.NoError(t, fast.Set("other", nil, 0), "another key waits for nobody")
	require.True(t, s.Exists("other"))

	g.leave <- nil
	<-g.arrived
	got, err := s.Get("key")
	require.NoError(t, err)
	require.Equal(t, "durable", string(got), "the first is seen first")
	g.leave <- nil
	all.Wait()
	got, err = s.Get("key")
	require.NoError(t, err)
	require.Equal(t, "fast", string(got), "and the second stands")
}

// TestReadModifyWriteSeesWhatWaits counts while sums wait for their sync:
// each builds on the one before, though readers see none of them yet.
func TestReadModifyWriteSeesWhatWaits(t *testing.T) {
	s, g := newGate(t)
	sums := make(chan int64, 11)
	incr := func() {
		sum, err := s.Incr("counter", 1, 0)
		if err != nil {
			t.Error(err)
		}
		sums <- sum
	}
	go incr()
	<-g.arrived
	for range 10 {
		go incr()
	}
	waiting(t, s, 10)
	require.False(t, s.Exists("counter"))
	g.leave <- nil
	<-g.arrived
	g.leave <- nil
	seen := map[int64]bool{}
	for range 11 {
		seen[<-sums] = true
	}
	require.Len(t, seen, 11, "each caller has a sum of its own")
	require.True(t, seen[1] && seen[11])
}

// TestSyncWaitsForWhatWasWritten calls Sync while a sync is running.
func TestSyncWaitsForWhatWasWritten(t *testing.T) {
	s, g := newGate(t)
	fast := s.WithSync(SyncNever)
	require.NoError(t, fast.Set("a", nil, 0))
	var all sync.WaitGroup
	all.Go(func() { assert.NoError(t, s.Sync()) })
	<-g.arrived
	require.NoError(t, fast.Set("b", nil, 0))
	all.Go(func() { assert.NoError(t, s.Sync()) })
	g.leave <- nil
	<-g.arrived // b needs a sync of its own
	g.leave <- nil
	all.Wait()
	require.Equal(t, s.Stats().LastSeq, s.Stats().DurableSeq)
}

// TestATouchOfAWriteThatIsNotSeenYet refreshes a key whose value waits for its
// sync. The value is published alone, and its first deadline passes before the
// touch is: the sweeper must leave it.
func TestATouchOfAWriteThatIsNotSeenYet(t *testing.T) {
	clock := newHandClock()
	s, g := newGateAt(t, clock)
	var all sync.WaitGroup
	all.Go(func() { assert.NoError(t, s.Set("key", []byte("value"), time.Second)) })
	<-g.arrived
	all.Go(func() { assert.NoError(t, s.Expire("key", time.Hour)) })
	waiting(t, s, 1)
	g.leave <- nil
	<-g.arrived
	clock.pass(2 * time.Second)
	s.engine.expire()
	g.leave <- nil
	all.Wait()
	value, err := s.Get("key")
	require.NoError(t, err, "Expire returned nil")
	require.Equal(t, "value", string(value))
}

// TestALeaderGathers has a leader expect two writers: it goes on as soon as
// the second has come, and without them after a while, in a time that stands
// still too.
func TestALeaderGathers(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // so that the two take turns
	synctest.Test(t, func(t *testing.T) {
		e := &engine{gathering: gathering{expected: 2, patience: time.Hour}}
		g := newGroup()
		g.size.Store(1)
		looked := 0
		go func() {
			for ; g.size.Load() < 2; looked++ {
				if looked == gatherTurns/10 {
					g.size.Add(1)
				}
				runtime.Gosched()
			}
		}()
		e.gather(g)
		require.EqualValues(t, 2, g.size.Load(), "went on before the second had come")

		e.gathering.expected = 3
		e.gather(g)
		e.gathering = gathering{expected: 3}
		e.gather(g)
	})
}
