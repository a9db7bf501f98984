package kv

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store/internal/vfs"
)

func bulk(n int) string { return strings.Repeat("v", n) }

// TestAnOlderTouchStaysOverruled lets a value take over the deadline of the
// newest of two touches, and then compacts that touch, but not the older one.
func TestAnOlderTouchStaysOverruled(t *testing.T) {
	d := newDisk(t)
	w := newScribe(t, d, newHandClock(), ledger{})
	w.set("k", bulk(800), 0)
	w.set("filler 1", bulk(800), 0)
	w.expire("k", 0)
	w.set("filler 2", bulk(800), 0)
	w.expire("k", time.Second)
	w.set("filler 3", bulk(800), 0)
	require.NoError(t, rewriteOne(w.s, 0))
	require.NoError(t, rewriteOne(w.s, 2))
	w.pass(time.Second)
	w.reopen(d)
	requireHoldings(t, w.book, w.s, "opened again")
	require.NoError(t, w.s.Close())
}

// TestATouchThatComesTrueDuringACompaction is swept when it is already clear
// that no dead value lies before it: its own value dies only then.
func TestATouchThatComesTrueDuringACompaction(t *testing.T) {
	d := newDisk(t)
	clock := newHandClock()
	opts := onDisk(d, clock)
	var w *scribe
	step := func(string) {}
	opts.pause = func(name string) { step(name) }
	w = newScribeWith(t, opts, clock, ledger{})
	w.set("k", bulk(800), 0)
	w.set("filler 1", bulk(700), 0)
	w.expire("k", time.Second)
	w.set("filler 2", bulk(800), 0)
	step = func(name string) {
		if name == "copy" {
			w.pass(2 * time.Second)
		}
	}
	require.NoError(t, rewriteOne(w.s, 1))
	step = func(string) {}
	w.reopen(d)
	requireHoldings(t, w.book, w.s, "opened again")
	require.NoError(t, w.s.Close())
}

// TestAReplayedMarkIsDead reopens a store with a mark in it: its segment has
// nothing alive when the values have expired.
func TestAReplayedMarkIsDead(t *testing.T) {
	d := newDisk(t)
	w := newScribe(t, d, newHandClock(), ledger{})
	w.set("a", "x", time.Second)
	w.pass(2 * time.Second)
	w.set("b", bulk(500), time.Minute)
	w.reopen(d)
	w.set("filler", bulk(800), 0)
	w.pass(2 * time.Minute)
	require.True(t, w.s.engine.log.Shapes()[0].Hollow())
	require.NoError(t, w.s.Close())
}

// TestAFailedReadBackPoisons fails when the index is to be led to a copy that
// the manifest names already.
func TestAFailedReadBackPoisons(t *testing.T) {
	d := newDisk(t)
	d.NoMap, d.Placement = true, vfs.ByCall
	clock := newHandClock()
	opts := onDisk(d, clock)
	fail := false
	d.SetHook(func(op vfs.Op) error {
		if op.Kind == vfs.OpRead && fail {
			return errInjected
		}
		return nil
	})
	opts.pause = func(name string) { fail = name == "move" }
	w := newScribeWith(t, opts, clock, ledger{})
	w.set("a", bulk(300), 0)
	w.set("k", bulk(300), 0)
	w.set("filler", bulk(900), 0)
	require.Error(t, rewriteOne(w.s, 0))
	fail = false
	require.ErrorIs(t, w.s.Set("new", nil, 0), ErrPoisoned)
	require.True(t, w.s.Exists("k"))
	_, err := w.s.Get("k")
	require.NoError(t, err)
	require.ErrorIs(t, w.s.Close(), ErrPoisoned)
	w.s = mustOpenAgain(t, onDisk(d, clock))
	requireHoldings(t, w.book, w.s, "opened again")
	require.NoError(t, w.s.Close())
}
