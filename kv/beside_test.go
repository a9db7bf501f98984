package kv

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store/internal/segment"
	"github.com/spcent/plumego/store/internal/vfs"
)

// deed is what a writer does while somebody opens its store read-only.
type deed struct {
	name  string
	store string // it was "open", "closed" or "killed" before
	do    func(w *scribe, d *vfs.Disk)
}

func deeds() []deed {
	fill := func(w *scribe, n int) {
		for i := range n {
			w.set(fmt.Sprint("fill", i%3), strings.Repeat("x", 200), time.Hour)
		}
	}
	compact := func(w *scribe) { require.NoError(w.t, w.s.Compact(context.Background())) }
	open := func(w *scribe, d *vfs.Disk) { w.s = mustOpen(w.t, w.opts) }
	return []deed{
		{"nothing", "open", func(*scribe, *vfs.Disk) {}},
		{"writes", "open", func(w *scribe, _ *vfs.Disk) { w.set("a", "1", 0); w.delete("a"); w.set("b", "2", 0) }},
		{"updates", "open", func(w *scribe, _ *vfs.Disk) {
			require.NoError(w.t, w.s.Update(func(tx *Tx) error {
				return errors.Join(tx.Set("a", []byte("1"), 0), tx.Delete("hot"), tx.Set("b", make([]byte, 300), 0))
			}))
			delete(w.book, "hot")
			w.book["a"], w.book["b"] = holding{value: "1"}, holding{value: string(make([]byte, 300))}
			w.turn()
			w.set("c", "after it", 0)
		}},
		{"rotates", "open", func(w *scribe, _ *vfs.Disk) { fill(w, 4) }},
		{"rotates often", "open", func(w *scribe, _ *vfs.Disk) { fill(w, 30) }},
		{"compacts", "open", func(w *scribe, _ *vfs.Disk) { compact(w) }},
		{"rotates and compacts", "open", func(w *scribe, _ *vfs.Disk) { fill(w, 10); compact(w); fill(w, 10); compact(w) }},
		{"closes", "open", func(w *scribe, d *vfs.Disk) { require.NoError(w.t, w.s.Close()) }},
		{"closes, opens and writes", "open", func(w *scribe, d *vfs.Disk) { w.reopen(d); fill(w, 10) }},
		{"opens", "closed", open},
		{"opens and writes", "closed", func(w *scribe, d *vfs.Disk) { open(w, d); fill(w, 10) }},
		{"opens and compacts", "closed", func(w *scribe, d *vfs.Disk) { open(w, d); fill(w, 10); compact(w) }},
		{"recovers", "killed", open},
		{"recovers and writes", "killed", func(w *scribe, d *vfs.Disk) { open(w, d); fill(w, 10); compact(w) }},
		{"recovers and closes", "killed", func(w *scribe, d *vfs.Disk) { open(w, d); require.NoError(w.t, w.s.Close()) }},
	}
}

// atCall has a deed done before the k-th call that is made on the disk from
// now on. done tells whether it was, and ends it.
func atCall(d *vfs.Disk, k int, deed func()) (done func() bool) {
	calls := 0
	d.SetHook(func(vfs.Op) error {
		if calls++; calls == k {
			deed()
		}
		return nil
	})
	return func() bool {
		d.SetHook(nil)
		return calls >= k
	}
}

// TestOpenBesideAWriter opens a store read-only while its writer is at work,
// which does its deed between two calls on the disk, whichever two. The open
// must succeed and show a state that the store went through since it began,
// and go on to show it.
func TestOpenBesideAWriter(t *testing.T) {
	rounds, states := 0, 0
	for _, noMap := range []bool{false, true} {
		for _, x := range deeds() {
			if !noMap && (x.store == "closed" || strings.Contains(x.name, "closes")) {
				continue // a file on the heap cannot outgrow its first mapping
			}
			t.Run(fmt.Sprintf("%s, no map %v", x.name, noMap), func(t *testing.T) {
				seen := map[int]bool{}
				step := 1
				if testing.Short() {
					step = 4
				}
				for k, more := 1, true; more; k += step {
					var back int
					back, more = besideOnce(t, x, noMap, k)
					seen[back] = true
					rounds++
				}
				states += len(seen)
			})
		}
	}
	t.Logf("%d opens beside a writer, %d states seen", rounds, states)
}

// besideOnce opens beside a deed that is done before the k-th call. It returns
// how many records the view is behind the writer, and whether the open made so
// many calls.
func besideOnce(t *testing.T, x deed, noMap bool, k int) (back int, more bool) {
	m := newSample(t, x.store == "closed", noMap)
	d := m.disk(t)
	m.tune(d)
	w := m.scribe
	w.each = nil
	w.opts.fs = d
	if x.store == "open" {
		w.s = mustOpen(t, w.opts)
		for i := range 12 {
			w.set(fmt.Sprint("fill", i%2), strings.Repeat("y", 150), time.Hour)
		}
	}
	before := len(w.pages)
	opts := onDisk(d, w.clock)
	opts.ReadOnly = true
	done := atCall(d, k, func() { x.do(w, d) })
	r, err := NewKVStore(opts)
	more = done()
	require.NoError(t, err, "before call %d", k)
	if !more {
		x.do(w, d)
	}
	view, err := holdings(r)
	require.NoError(t, err, "before call %d", k)
	back = slices.IndexFunc(w.pages[before-1:], func(page ledger) bool { return page.at(w.clock.millis()).equal(view) })
	require.GreaterOrEqual(t, back, 0, "before call %d: not a state since the open began", k)
	m.staysThus(t, r, view, d)

	require.NoError(t, r.Close())
	require.NoError(t, w.s.Close())
	w.s = mustOpenAgain(t, w.opts)
	requireHoldings(t, w.last(0), w.s, "the writer")
	require.NoError(t, w.s.Close())
	return back, more
}

// staysThus has the writer go on, and wants a read-only store to show what it
// did, in every way, and to be copied so.
func (m *sample) staysThus(t *testing.T, r *KVStore, view ledger, d *vfs.Disk) {
	t.Helper()
	w := m.scribe
	if w.s.engine.closed.Load() {
		w.s = mustOpen(t, w.opts)
	}
	for i := range 8 {
		w.set(fmt.Sprint("fill", i%2), strings.Repeat("z", 200), 0)
	}
	w.delete("fill0")
	require.NoError(t, w.s.Compact(context.Background()))
	requireHoldings(t, view, r, "after the writer went on")
	var keys int64
	infos, err := r.Inspect(context.Background())
	require.NoError(t, err)
	for _, info := range infos {
		keys += info.Keys
	}
	require.Equal(t, int64(len(view)), keys)
	require.Equal(t, len(infos), r.Stats().Segments)
	n := mustSnapshot(t, r)
	requireThen(t, view, n, "a snapshot of it")
	require.NoError(t, n.Close())
	requireCopy(t, r, view, d, w.clock)
}

// requireCopy backs a store up on its disk and holds the copy to a ledger.
func requireCopy(t *testing.T, s *KVStore, want ledger, d *vfs.Disk, clock *handClock) {
	t.Helper()
	require.NoError(t, s.Backup(context.Background(), "copy"))
	opts := onDisk(d.CrashClone(nil, vfs.DropAll), clock)
	opts.DataDir = "copy"
	c := mustOpen(t, opts)
	require.True(t, c.Stats().Recovery.Clean)
	require.Equal(t, s.Stats().LastSeq, c.Stats().LastSeq)
	requireHoldings(t, want, c, "the copy")
	require.NoError(t, c.Set("new", []byte("write"), 0))
	require.NoError(t, c.Close())
	c = mustOpenAgain(t, opts)
	want = want.clone()
	want["new"] = holding{value: "write"}
	requireHoldings(t, want, c, "the copy, written to")
	require.NoError(t, c.Close())
}

// TestOpenBesideARecordThatIsBeingWritten opens while the next record, or a
// group of three, is in the file by half.
func TestOpenBesideARecordThatIsBeingWritten(t *testing.T) {
	d := newDisk(t)
	d.NoMap, d.Placement = true, vfs.ByCall
	clock := newHandClock()
	w := newScribe(t, d, clock, ledger{})
	w.set("key", "value", 0)
	opts := onDisk(d, clock)
	opts.ReadOnly = true
	looks := 0
	look := func() {
		d.SetHook(nil)
		looks++
		r := mustOpen(t, opts)
		require.Zero(t, r.Stats().Recovery.TornOffset%8)
		requireHoldings(t, w.book, r, "by half")
		require.NoError(t, r.Close())
	}
	value := bytes.Repeat([]byte("v"), 100)
	three := func(tx *Tx) error {
		return errors.Join(tx.Set("key", value, 0), tx.Delete("other"), tx.Set("new", value, 0))
	}
	for size := 1; size < 300; size += 7 {
		d.SetHook(func(op vfs.Op) error {
			if op.Kind == vfs.OpWrite && isSegment(op.Name) {
				d.SetHook(func(op vfs.Op) error { look(); return nil }) // the half is taken back
				return &vfs.PartialWrite{N: size, Err: errIO}
			}
			return nil
		})
		if size < 140 {
			require.Error(t, w.s.Set("key", value, 0))
		} else {
			require.Error(t, w.s.Update(three))
		}
		w.set("other", fmt.Sprint(size), 0)
	}
	require.Greater(t, looks, 20)
	require.NoError(t, w.s.Close())
}

// TestOpenBesideASealThatIsTakenBack opens when the active segment has been
// sealed, and the disk is too full for the manifest that says so. What then
// goes into the place of the seal is nothing to the reader.
func TestOpenBesideASealThatIsTakenBack(t *testing.T) {
	for _, noMap := range []bool{false, true} {
		d := newDisk(t)
		d.NoMap = noMap
		s, _ := rotating(t, d)
		require.NoError(t, s.Set("victim", nil, 0))
		require.NoError(t, s.Set("filler", make([]byte, 600), 0))
		view := ledger{"victim": {}, "filler": {value: string(make([]byte, 600))}}
		var readers []*KVStore
		d.SetHook(func(op vfs.Op) error {
			if op.Kind != vfs.OpWrite || op.Name != segment.ManifestTemp || len(readers) > 0 {
				return nil
			}
			opts := onDisk(d, newHandClock())
			opts.ReadOnly = true
			readers = append(readers, nil) // the hook sees its own calls
			readers[0] = mustOpen(t, opts)
			return vfs.ErrNoSpace
		})
		require.ErrorIs(t, s.Set("key", make([]byte, 600), 0), ErrNoSpace)
		d.SetHook(nil)
		require.NoError(t, s.Delete("victim"))
		require.Len(t, readers, 1)
		requireHoldings(t, view, readers[0], "behind the seal")
		requireCopy(t, readers[0], view, d, newHandClock())
		require.NoError(t, readers[0].Close())
		require.NoError(t, s.Close())
	}
}

// TestOpenBesideAStoreThatNeverRests gives up when each look fails at another
// manifest, and at once when it fails at the same.
func TestOpenBesideAStoreThatNeverRests(t *testing.T) {
	d := newDisk(t)
	d.NoMap, d.Placement = true, vfs.ByCall
	w := newScribe(t, d, newHandClock(), ledger{})
	w.set("key", "value", 0)
	opts := onDisk(d, w.clock)
	opts.ReadOnly = true
	for _, rests := range []bool{true, false} {
		looks, busy := 0, false
		d.SetHook(func(op vfs.Op) error {
			if busy || op.Kind != vfs.OpRead || !isSegment(op.Name) {
				return nil
			}
			looks++
			if !rests {
				busy = true
				w.set("key", "value", 0)
				require.NoError(t, w.s.Compact(context.Background()))
				busy = false
			}
			return errIO
		})
		_, err := NewKVStore(opts)
		d.SetHook(nil)
		if rests {
			require.ErrorIs(t, err, errIO)
			require.Less(t, looks, looksAtAll)
			continue
		}
		require.ErrorIs(t, err, ErrLocked)
		require.NotErrorIs(t, err, ErrCorrupt)
		require.GreaterOrEqual(t, looks, looksAtAll)
	}
	requireHoldings(t, w.book, w.s, "the writer")
	require.NoError(t, w.s.Close())
}

// TestDamageBesideNobody is what it is for a store that is opened for writing:
// the same file, offset and reason.
func TestDamageBesideNobody(t *testing.T) {
	n := 0
	for _, closed := range []bool{true, false} {
		m := newSample(t, closed, false)
		damaged := map[string]image{"no manifest": m.without(segment.ManifestName)}
		for _, name := range m.names() {
			if !isSegment(name) && name != segment.ManifestName {
				continue
			}
			damaged["without "+name] = m.without(name)
			for off := 3; off < len(m.image[name]); off += 41 {
				b := slices.Clone(m.image[name])
				b[off] ^= 0x10
				damaged[fmt.Sprint(name, " at ", off)] = m.with(name, b)
			}
			for _, old := range m.older(name) {
				damaged[fmt.Sprint("older ", name, len(damaged))] = m.with(name, []byte(old))
			}
		}
		for name, im := range damaged {
			opts := onDisk(im.disk(t), m.clock)
			opts.ReadOnly = true
			r, readErr := NewKVStore(opts)
			if readErr == nil {
				require.NoError(t, r.Close())
			}
			s, err := NewKVStore(onDisk(im.disk(t), m.clock))
			if err == nil {
				require.NoError(t, s.Close())
			}
			require.Equal(t, err, readErr, name)
			if err != nil {
				n++
			}
		}
	}
	t.Logf("%d damaged stores refused, read-only as for writing", n)
	require.NotZero(t, n)
}

// TestBackupOfAReadOnlyStore copies one that was closed, one that was killed
// in each state of its last two segments, and one that was torn.
func TestBackupOfAReadOnlyStore(t *testing.T) {
	for name, closed := range map[string]bool{"closed": true, "killed": false} {
		m := newSample(t, closed, false)
		d := m.disk(t)
		opts := onDisk(d, m.clock)
		opts.ReadOnly = true
		r := mustOpen(t, opts)
		requireHoldings(t, m.last(0), r, name)
		requireCopy(t, r, m.last(0), d, m.clock)
		require.NoError(t, r.Close())
		require.Empty(t, m.differs(imageOf(t, d)), "%s: reading changed this file", name)
	}
	d := newDisk(t)
	s, _ := rotating(t, d)
	require.NoError(t, s.Set("a", make([]byte, 700), 0))
	require.NoError(t, s.Set("b", make([]byte, 700), 0))
	for name, left := range map[string]*vfs.Disk{"killed": d.KillClone(), "torn": d.CrashClone(nil, vfs.DropAll)} {
		opts := onDisk(left, newHandClock())
		opts.ReadOnly = true
		r := mustOpen(t, opts)
		view, err := holdings(r)
		require.NoError(t, err)
		require.Len(t, view, map[string]int{"killed": 2, "torn": 0}[name])
		requireCopy(t, r, view, left, newHandClock())
		require.NoError(t, r.Close())
	}
	require.NoError(t, s.Close())
}

// TestOpenBesideFilesThatGo has the writer remove a file that only a snapshot
// had kept, each time that the reader has listed it and is about to look at
// it. The manifest stays the same meanwhile.
func TestOpenBesideFilesThatGo(t *testing.T) {
	d := newDisk(t)
	w := newScribe(t, d, newHandClock(), ledger{})
	var keeping []*Snapshot
	for round := range 2 * looksAtOne {
		for i := range 8 {
			w.set(fmt.Sprint("fill", i%2), strings.Repeat("x", 200), 0)
		}
		keeping = append(keeping, mustSnapshot(t, w.s))
		w.set(fmt.Sprint("round", round), strings.Repeat("y", 900), 0)
		require.NoError(t, w.s.Compact(t.Context()))
	}
	listed := map[string]bool{}
	infos, err := w.s.Inspect(t.Context())
	require.NoError(t, err)
	for _, m := range infos {
		listed[m.File] = true
	}
	gone := 0
	d.SetHook(func(op vfs.Op) error {
		if op.Kind != vfs.OpOpen || !isSegment(op.Name) || listed[op.Name] || len(keeping) == 0 {
			return nil
		}
		next := keeping[0]
		keeping = keeping[1:]
		gone++
		return next.Close()
	})
	opts := onDisk(d, w.clock)
	opts.ReadOnly = true
	r := mustOpen(t, opts)
	d.SetHook(nil)
	require.Greater(t, gone, looksAtOne)
	requireHoldings(t, w.book, r, "beside files that go")
	require.NoError(t, r.Close())
	require.NoError(t, w.s.Close())
}
