package kv

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store/internal/segment"
	"github.com/spcent/plumego/store/internal/vfs"
)

// isSegment reports whether a name is a segment's.
func isSegment(name string) bool {
	_, ok := segment.ParseName(name)
	return ok
}

// TestTrap09SyncsPerPolicy counts the syncs of plain writes in one segment.
func TestTrap09SyncsPerPolicy(t *testing.T) {
	for policy, perWrite := range map[SyncPolicy]int{SyncAlways: 1, SyncInterval: 0, SyncNever: 0} {
		t.Run(fmt.Sprint(policy), func(t *testing.T) {
			d := newDisk(t)
			opts := onDisk(d, newHandClock())
			opts.Sync, opts.SyncEvery = policy, 1<<62
			s := mustOpen(t, opts)
			require.NoError(t, s.Set("counter", []byte("0"), 0), "the first write makes the segment")

			var log opLog
			log.record(d)
			require.NoError(t, s.Set("key", nil, 0))
			require.NoError(t, s.Expire("key", 1<<40))
			_, err := s.Incr("counter", 1, 0)
			require.NoError(t, err)
			require.NoError(t, s.Delete("key"))
			require.NoError(t, s.Delete("missing"), "writes nothing, syncs nothing")
			_, err = s.Get("counter")
			require.NoError(t, err)
			syncs := only(log.take(), vfs.OpFileSync, vfs.OpDirSync)
			require.Len(t, syncs, 4*perWrite)

			require.NoError(t, s.Sync())
			require.NoError(t, s.Sync(), "nothing new")
			require.Len(t, only(log.take(), vfs.OpFileSync, vfs.OpDirSync), 1-perWrite)
			require.NoError(t, s.Close())
		})
	}
}

// TestTrap09RotationSyncsUnderEveryPolicy watches the end of a segment. The
// new file and its name are durable before the manifest that names them, and
// that before any record in the new file; the old file is durable before the
// manifest that calls it sealed, and before anything in the new one is.
func TestTrap09RotationSyncsUnderEveryPolicy(t *testing.T) {
	for policy := SyncAlways; policy <= SyncNever; policy++ {
		t.Run(fmt.Sprint(policy), func(t *testing.T) {
			d := newDisk(t)
			d.Placement = vfs.ByCall // so that records are calls too
			opts := onDisk(d, newHandClock())
			opts.Sync, opts.SyncEvery = policy, 1<<62
			s := mustOpen(t, opts)
			require.NoError(t, s.Set("key", make([]byte, 700), 0))
			var log opLog
			log.record(d)
			require.NoError(t, s.Set("key", make([]byte, 700), 0))
			ops := only(log.take(), vfs.OpCreate, vfs.OpWrite, vfs.OpFileSync, vfs.OpDirSync, vfs.OpRename)
			old, next := segment.Name(1), segment.Name(2)
			requireOrder(t, ops, "Create "+next, "Write "+next, "FileSync "+next, "DirSync ", "Rename MANIFEST.tmp")
			requireOrder(t, ops, "Write "+old, "Rename MANIFEST.tmp", "FileSync "+old, "Rename MANIFEST.tmp")
			requireOrder(t, ops, "Write MANIFEST.tmp", "FileSync MANIFEST.tmp", "Rename MANIFEST.tmp", "DirSync ", "Write "+next)
			if policy == SyncAlways {
				require.Equal(t, "FileSync "+next, ops[len(ops)-1], "the record itself")
			}
			require.NoError(t, s.Close())
		})
	}
}

// TestARotationWaitsForTheOneBefore fills segments whose syncs nobody does
// beside the writer.
func TestARotationWaitsForTheOneBefore(t *testing.T) {
	d := newDisk(t)
	opts := onDisk(d, newHandClock())
	opts.Sync, opts.later = SyncNever, never
	s := mustOpen(t, opts)
	first, second, third := segment.Name(1), segment.Name(2), segment.Name(3)
	fill := func() { require.NoError(t, s.Set("key", make([]byte, 700), 0)) }
	fill()
	fill()
	require.Zero(t, s.Stats().DurableSeq)
	var log opLog
	log.record(d)
	fill()
	requireOrder(t, only(log.take(), vfs.OpCreate, vfs.OpFileSync), "FileSync "+first, "Create "+third)
	require.EqualValues(t, 1, s.Stats().DurableSeq)
	require.NoError(t, s.Sync())
	requireOrder(t, only(log.take(), vfs.OpFileSync), "FileSync "+second, "FileSync "+third)
	require.EqualValues(t, 3, s.Stats().DurableSeq)
	fill()
	log.take()
	require.NoError(t, s.Close())
	requireOrder(t, only(log.take(), vfs.OpFileSync), "FileSync "+segment.Name(4), "FileSync MANIFEST.tmp")
}

// requireOrder wants these calls in this order, whatever is between them.
func requireOrder(t *testing.T, ops []string, want ...string) {
	t.Helper()
	rest := ops
	for _, w := range want {
		i := slices.Index(rest, w)
		require.NotEqual(t, -1, i, "%s is missing, or too early, in\n%v", w, ops)
		rest = rest[i+1:]
	}
}

// TestTrap09OpenAndCloseSync watches a store's birth, its clean end, and a
// recovery.
func TestTrap09OpenAndCloseSync(t *testing.T) {
	d := newDisk(t)
	clock := newHandClock()
	var log opLog
	log.record(d)
	s := mustOpen(t, onDisk(d, clock))
	requireOrder(t, only(log.take(), vfs.OpFileSync, vfs.OpRename, vfs.OpDirSync),
		"FileSync MANIFEST.tmp", "Rename MANIFEST.tmp", "DirSync ")

	require.NoError(t, s.WithSync(SyncNever).Set("key", []byte("value"), 0))
	killed := d.KillClone()
	log.take()
	require.NoError(t, s.Close())
	requireOrder(t, only(log.take(), vfs.OpFileSync, vfs.OpRename, vfs.OpDirSync),
		"FileSync "+segment.Name(1), "FileSync MANIFEST.tmp", "Rename MANIFEST.tmp", "DirSync ")

	log.record(killed)
	s = mustOpen(t, onDisk(killed, clock))
	require.False(t, s.Stats().Recovery.Clean)
	requireOrder(t, only(log.take(), vfs.OpCreate, vfs.OpFileSync, vfs.OpRename, vfs.OpDirSync, vfs.OpRemove),
		"Create "+segment.Name(2), "FileSync "+segment.Name(2), "DirSync ",
		"FileSync MANIFEST.tmp", "Rename MANIFEST.tmp", "DirSync ", "Remove "+segment.Name(1))
	require.NoError(t, s.Close())
}

// TestTrap09ACleanStoreIsOpenedWithoutASync opens and closes, and reads.
func TestTrap09ACleanStoreIsOpenedWithoutASync(t *testing.T) {
	d := newDisk(t)
	clock := newHandClock()
	s := mustOpen(t, onDisk(d, clock))
	require.NoError(t, s.Set("key", []byte("value"), 0))
	require.NoError(t, s.Close())
	before := imageOf(t, d)
	var log opLog
	log.record(d)
	s = mustOpen(t, onDisk(d, clock))
	_, err := s.Get("key")
	require.NoError(t, err)
	require.NoError(t, s.Sync())
	require.NoError(t, s.Close())
	require.Empty(t, only(log.take(), vfs.OpFileSync, vfs.OpDirSync, vfs.OpWrite, vfs.OpCreate, vfs.OpRename, vfs.OpTruncate))
	require.Empty(t, before.differs(imageOf(t, d)))
}
