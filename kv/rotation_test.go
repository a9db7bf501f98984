package kv

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store/internal/segment"
	"github.com/spcent/plumego/store/internal/vfs"
)

// rotating opens a store that leaves undone what it has to do for a segment
// it has filled, until the test does it.
func rotating(t *testing.T, d *vfs.Disk) (s *KVStore, later func()) {
	t.Helper()
	opts := onDisk(d, newHandClock())
	var left []func()
	opts.Sync, opts.SyncEvery = SyncNever, 1<<62
	opts.later = func(work func()) { left = append(left, work) }
	return mustOpen(t, opts), func() {
		for _, work := range left {
			work()
		}
		left = nil
	}
}

// TestASealThatWasTakenBackIsGone fills the disk at the end of a segment,
// when the seal has been written, and perhaps has reached stable storage. The
// delete that then goes in its place must not be jumped over after a crash.
func TestASealThatWasTakenBackIsGone(t *testing.T) {
	d := newDisk(t)
	s, _ := rotating(t, d)
	require.NoError(t, s.Set("victim", nil, 0))
	require.NoError(t, s.Set("filler", make([]byte, 600), 0))
	full := true
	d.SetHook(func(op vfs.Op) error {
		if op.Kind == vfs.OpWrite && op.Name == segment.ManifestTemp && full {
			full = false
			writeBack(t, d, segment.Name(1))
			return vfs.ErrNoSpace
		}
		return nil
	})
	require.ErrorIs(t, s.Set("next", make([]byte, 600), 0), ErrNoSpace)
	d.SetHook(nil)
	require.NoError(t, s.Delete("victim"))
	require.NoError(t, s.Set("next", make([]byte, 600), 0))
	shown := 0
	for n := range 200 {
		left := mustOpen(t, onDisk(d.CrashClone(randomFor(t.Name(), n), vfs.Random), newHandClock()))
		if left.Exists("next") {
			shown++
			require.False(t, left.Exists("victim"), "image %d, -seed %d: a hole in the log", n, *seed)
		}
		require.NoError(t, left.Close())
	}
	t.Logf("200 images, %d show what came behind the seal", shown)
	require.NoError(t, s.Close())
}

// writeBack is what a kernel may do at any time.
func writeBack(t *testing.T, d *vfs.Disk, name string) {
	t.Helper()
	dir, err := d.OpenDir(imageDir)
	require.NoError(t, err)
	f, err := dir.Open(name, vfs.ReadOnly)
	require.NoError(t, err)
	require.NoError(t, f.Sync())
	require.NoError(t, f.Close())
	require.NoError(t, dir.Close())
}

// TestVerifyWithoutTheLostSegment reads a store, read-only, that has a
// segment behind one that was torn.
func TestVerifyWithoutTheLostSegment(t *testing.T) {
	d := newDisk(t)
	s, _ := rotating(t, d)
	require.NoError(t, s.Set("a", make([]byte, 700), 0))
	require.NoError(t, s.Set("b", make([]byte, 700), 0))
	opts := onDisk(d.CrashClone(nil, vfs.DropAll), newHandClock())
	opts.ReadOnly = true
	r := mustOpen(t, opts)
	_, err := r.Verify(context.Background())
	require.NoError(t, err)
	require.Zero(t, r.Len())
	require.NoError(t, r.Close())
	require.NoError(t, s.Close())
}

// TestVerifyAfterAPoisonedRotation finds no damage where a seal has been
// written that no manifest knows.
func TestVerifyAfterAPoisonedRotation(t *testing.T) {
	d := newDisk(t)
	s, _ := rotating(t, d)
	require.NoError(t, s.Set("a", make([]byte, 700), 0))
	d.SetHook(func(op vfs.Op) error {
		if op.Kind == vfs.OpRename {
			return errInjected
		}
		return nil
	})
	require.ErrorIs(t, s.Set("b", make([]byte, 700), 0), ErrPoisoned)
	_, err := s.Verify(context.Background())
	require.NoError(t, err)
	require.ErrorIs(t, s.Close(), ErrPoisoned)
}

// TestASyncFromBeforeTheSealVouches syncs a segment by a cut that was taken
// before it was sealed. It is durable all the same, and the next one must say
// so, or damage to it would pass for a torn end.
func TestASyncFromBeforeTheSealVouches(t *testing.T) {
	for _, early := range []bool{false, true} {
		d := newDisk(t)
		s, later := rotating(t, d)
		require.NoError(t, s.Set("a", make([]byte, 700), 0))
		cut := s.engine.log.Cut()
		require.NoError(t, s.Set("b", make([]byte, 400), 0))
		if early {
			require.NoError(t, s.engine.log.Sync(cut))
		}
		before := imageOf(t, d)[segment.ManifestName]
		later()
		require.NoError(t, s.Set("c", nil, 0))
		left := imageOf(t, d).with(segment.ManifestName, before)
		clear(left[segment.Name(1)][segment.HeaderSize:])
		_, err := NewKVStore(onDisk(left.disk(t), newHandClock()))
		require.ErrorIs(t, err, ErrCorrupt)
		require.NoError(t, s.Close())
	}
}
