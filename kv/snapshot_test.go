package kv

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store/internal/vfs"
)

// seesOf returns a view that reads a key by every road.
func seesOf(key string) func(*Snapshot) error {
	return func(n *Snapshot) error {
		n.Exists(key)
		n.Len()
		collect(n.Keys(""))
		if err := scanAll(n.Scan("")); err != nil {
			return err
		}
		_, err := n.Get(key)
		return err
	}
}

// scanAll scans to the end and returns the error met there.
func scanAll(items iter.Seq2[Item, error]) error {
	for _, err := range items {
		if err != nil {
			return err
		}
	}
	return nil
}

// mustSnapshot takes a snapshot.
func mustSnapshot(t testing.TB, s *KVStore) *Snapshot {
	t.Helper()
	n, err := s.Snapshot()
	require.NoError(t, err)
	return n
}

// keysOf returns the keys of a scan in its order.
func keysOf(t testing.TB, items iter.Seq2[Item, error]) (keys []string) {
	t.Helper()
	for item, err := range items {
		require.NoError(t, err)
		keys = append(keys, item.Key)
	}
	return keys
}

// requireThen holds a snapshot to a ledger by every kind of read.
func requireThen(t testing.TB, want ledger, n *Snapshot, where string) {
	t.Helper()
	got := ledger{}
	var keys []string
	for item, err := range n.Scan("") {
		require.NoError(t, err, where)
		h := holding{value: string(item.Value)}
		if !item.Deadline.IsZero() {
			h.deadline = item.Deadline.UnixMilli()
		}
		got[item.Key] = h
		keys = append(keys, item.Key)
		value, err := n.Get(item.Key)
		require.NoError(t, err, where)
		require.Equal(t, h.value, string(value), where)
		require.True(t, n.Exists(item.Key), where)
		ttl, err := n.TTL(item.Key)
		require.NoError(t, err, where)
		require.Equal(t, h.deadline == 0, ttl == 0, where)
	}
	require.Equal(t, want, got, where)
	require.True(t, slices.IsSorted(keys), where)
	require.Equal(t, keys, collect(n.Keys("")), where)
	slices.Reverse(keys)
	require.Equal(t, keys, keysOf(t, n.ScanRange("", "", Reverse())), where)
	require.Equal(t, len(want), n.Len(), where)
}

// TestSnapshotShowsThen changes everything in every way behind a snapshot.
func TestSnapshotShowsThen(t *testing.T) {
	clock := newHandClock()
	s := mustOpen(t, onDisk(newDisk(t), clock))
	for _, key := range []string{"kept", "overwritten", "deleted", "touched", "swept", "made permanent"} {
		require.NoError(t, s.Set(key, []byte("old"), time.Hour))
	}
	require.NoError(t, s.Set("expired then", []byte("old"), time.Millisecond))
	clock.pass(time.Millisecond)
	want, err := holdings(s)
	require.NoError(t, err)
	n := mustSnapshot(t, s)
	_, err = n.Get("expired then")
	require.ErrorIs(t, err, ErrKeyNotFound)

	require.NoError(t, s.Set("overwritten", []byte("new"), 0))
	require.NoError(t, s.Delete("deleted"))
	require.NoError(t, s.Expire("touched", 3*time.Hour))
	require.NoError(t, s.Expire("made permanent", 0))
	require.NoError(t, s.Expire("swept", time.Minute))
	require.NoError(t, s.Set("expired then", []byte("new"), 0))
	_, err = s.Incr("new", 1, 0)
	require.NoError(t, err)
	requireThen(t, want, n, "changed")

	clock.pass(2 * time.Hour) // all of the snapshot's deadlines
	s.Len()                   // sweeps
	requireThen(t, want, n, "swept")
	left, err := n.TTL("kept")
	require.NoError(t, err)
	require.Equal(t, time.Hour-time.Millisecond, left, "as it was then")
	for _, missing := range []string{"new", "expired then", "never"} {
		_, err := n.Get(missing)
		require.ErrorIs(t, err, ErrKeyNotFound, missing)
		require.False(t, n.Exists(missing), missing)
	}
	_, err = n.Get("")
	require.ErrorIs(t, err, ErrInvalidKey)
	dst, err := n.AppendGet([]byte("prefix "), "deleted")
	require.NoError(t, err)
	require.Equal(t, "prefix old", string(dst))
	dst, err = n.AppendGet([]byte("prefix "), "never")
	require.ErrorIs(t, err, ErrKeyNotFound)
	require.Equal(t, "prefix ", string(dst))
	require.NoError(t, n.Close())
	require.NoError(t, s.Close())
}

// TestClosedSnapshot asks a closed snapshot everything, twice closed, also
// after its store.
func TestClosedSnapshot(t *testing.T) {
	s := mustOpen(t, inDir(t.TempDir()))
	require.NoError(t, s.Set("key", []byte("value"), 0))
	n := mustSnapshot(t, s)
	require.NoError(t, n.Close())
	for range 2 {
		requireUnusable(t, n, ErrSnapshotClosed)
		require.NoError(t, n.Close(), "again")
		require.NoError(t, s.Close())
	}
}

func requireUnusable(t *testing.T, n *Snapshot, want error) {
	t.Helper()
	_, err := n.Get("key")
	require.ErrorIs(t, err, want)
	_, err = n.AppendGet(nil, "key")
	require.ErrorIs(t, err, want)
	_, err = n.TTL("key")
	require.ErrorIs(t, err, want)
	require.ErrorIs(t, scanAll(n.Scan("")), want)
	require.ErrorIs(t, scanAll(n.ScanRange("x", "a", Reverse())), want)
	require.Empty(t, collect(n.Keys("")))
	require.False(t, n.Exists("key"))
	require.Zero(t, n.Len())
}

// TestLeakedSnapshots closes a store under three snapshots, one of a view
// that is under way. Nothing hangs, nothing is lost, two are reported.
func TestLeakedSnapshots(t *testing.T) {
	d := newDisk(t)
	clock := newHandClock()
	s := mustOpen(t, onDisk(d, clock))
	require.NoError(t, s.Set("key", []byte("value"), 0))
	leaked := []*Snapshot{mustSnapshot(t, s), mustSnapshot(t, s)}
	require.NoError(t, s.Set("later", []byte("value"), 0))
	err := s.View(func(n *Snapshot) error {
		err := s.Close()
		var open *OpenSnapshotsError
		require.ErrorIs(t, err, ErrOpenSnapshots)
		require.ErrorAs(t, err, &open)
		require.Equal(t, 2, open.Count)
		require.Equal(t, err, s.Close(), "again")
		requireUnusable(t, n, ErrStoreClosed)
		return nil
	})
	require.NoError(t, err)
	for _, n := range leaked {
		requireUnusable(t, n, ErrStoreClosed)
		require.NoError(t, n.Close())
		require.NoError(t, n.Close())
	}
	_, err = s.Snapshot()
	require.ErrorIs(t, err, ErrStoreClosed)

	s = mustOpenAgain(t, onDisk(d, clock))
	require.True(t, s.Stats().Recovery.Clean)
	requireHoldings(t, ledger{"key": {value: "value"}, "later": {value: "value"}}, s, "reopened")
	require.NoError(t, s.Close())
}

// TestView closes its snapshot however it ends, and hands on the error.
func TestView(t *testing.T) {
	s := mustOpen(t, Options{InMemory: true})
	var kept *Snapshot
	err := s.View(func(n *Snapshot) error {
		kept = n
		require.Equal(t, 1, s.Stats().Snapshots)
		return errIO
	})
	require.Equal(t, errIO, err)
	requireUnusable(t, kept, ErrSnapshotClosed)
	require.Panics(t, func() { _ = s.View(func(n *Snapshot) error { kept = n; panic("in a view") }) })
	requireUnusable(t, kept, ErrSnapshotClosed)
	require.Zero(t, s.Stats().Snapshots)
	require.NoError(t, s.Close())
}

// TestSnapshotStats shows how many are open and how old the oldest is.
func TestSnapshotStats(t *testing.T) {
	clock := newHandClock()
	s := mustOpen(t, Options{InMemory: true, Now: clock.now})
	stats := func() (int, time.Duration) { u := s.Stats(); return u.Snapshots, u.OldestSnapshot }
	requireStats := func(open int, oldest time.Duration) {
		t.Helper()
		gotOpen, gotOldest := stats()
		require.Equal(t, []any{open, oldest}, []any{gotOpen, gotOldest})
	}
	requireStats(0, 0)
	first := mustSnapshot(t, s)
	clock.pass(time.Minute)
	second := mustSnapshot(t, s)
	clock.pass(time.Second)
	requireStats(2, time.Minute+time.Second)
	require.NoError(t, first.Close())
	requireStats(1, time.Second)
	require.NoError(t, second.Close())
	requireStats(0, 0)
	require.NoError(t, s.Close())
}

// TestSnapshotDoesNotShowWhatWaitsForItsSync takes one while a group is being
// synced and another has begun to fill, and one when the first is published.
func TestSnapshotDoesNotShowWhatWaitsForItsSync(t *testing.T) {
	s, g := newGate(t)
	done := make(chan error, 2)
	go func() { done <- s.Set("leader", []byte("1"), 0) }()
	<-g.arrived
	go func() { done <- s.Set("first", []byte("2"), 0) }()
	waiting(t, s, 1)
	before := mustSnapshot(t, s)
	requireThen(t, ledger{"first": {value: "0"}}, before, "while the sync runs")

	g.leave <- nil
	require.NoError(t, <-done)
	<-g.arrived
	between := mustSnapshot(t, s)
	requireThen(t, ledger{"first": {value: "0"}, "leader": {value: "1"}}, between, "the leader is published")
	g.leave <- nil
	require.NoError(t, <-done)
	requireThen(t, ledger{"first": {value: "0"}}, before, "all are published")
	requireThen(t, ledger{"first": {value: "0"}, "leader": {value: "1"}}, between, "all are published")
	require.Equal(t, "2", string(must(s.Get("first"))))
	require.NoError(t, before.Close())
	require.NoError(t, between.Close())
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// TestSnapshotOfADroppedGroup takes one while a sync runs that then fails.
func TestSnapshotOfADroppedGroup(t *testing.T) {
	d := newDisk(t)
	s := mustOpen(t, onDisk(d, newHandClock()))
	require.NoError(t, s.Set("key", []byte("old"), 0))
	n := mustSnapshot(t, s)
	failSyncs(d)
	require.ErrorIs(t, s.Set("key", []byte("new"), 0), ErrPoisoned)
	requireThen(t, ledger{"key": {value: "old"}}, n, "poisoned")
	require.NoError(t, n.Close())
	require.ErrorIs(t, s.Close(), ErrPoisoned)
}

// TestSnapshotOfAReadOnlyStore takes one where nothing can change.
func TestSnapshotOfAReadOnlyStore(t *testing.T) {
	opts := inDir(t.TempDir())
	s := mustOpen(t, opts)
	require.NoError(t, s.Set("key", []byte("value"), 0))
	require.NoError(t, s.Close())
	opts.ReadOnly = true
	s = mustOpen(t, opts)
	n := mustSnapshot(t, s)
	requireThen(t, ledger{"key": {value: "value"}}, n, "read-only")
	require.NoError(t, n.Close())
	require.NoError(t, s.Close())
}

// TestMemoryOfSnapshotsGoesBack overwrites all keys under three snapshots.
func TestMemoryOfSnapshotsGoesBack(t *testing.T) {
	s := mustOpen(t, Options{InMemory: true, Sync: SyncNever})
	fill := func() {
		for i := range 2000 {
			require.NoError(t, s.Set(fmt.Sprintf("key-%d", i), []byte("value"), 0))
		}
	}
	fill()
	s.engine.index.Fold()
	before := s.Stats().IndexBytes
	var open []*Snapshot
	for range 3 {
		open = append(open, mustSnapshot(t, s))
		fill()
	}
	require.Greater(t, s.Stats().IndexBytes, before+6000*40)
	for _, i := range []int{1, 2, 0} {
		require.NoError(t, open[i].Close())
	}
	require.Equal(t, before, s.Stats().IndexBytes)
	require.NoError(t, s.Close())
}

// TestSnapshotOnAFailingDevice has reads fail for a while.
func TestSnapshotOnAFailingDevice(t *testing.T) {
	d := newDisk(t)
	d.NoMap, d.Placement = true, vfs.ByCall
	s := mustOpen(t, onDisk(d, newHandClock()))
	require.NoError(t, s.Set("key", []byte("value"), 0))
	n := mustSnapshot(t, s)
	d.SetHook(func(op vfs.Op) error {
		if op.Kind == vfs.OpRead {
			return errIO
		}
		return nil
	})
	_, err := n.Get("key")
	require.ErrorIs(t, err, errIO)
	require.ErrorIs(t, scanAll(n.Scan("")), errIO)
	d.SetHook(nil)
	require.NoError(t, scanAll(n.Scan("")))
	_, err = s.Verify(context.Background())
	require.NoError(t, err)
	require.NoError(t, n.Close())
	require.NoError(t, s.Close())
}
