package kv

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store/internal/record"
	"github.com/spcent/plumego/store/internal/vfs"
)

// TestNoSpace plays every script on disks of every size up to what it takes.
// A full disk is ErrNoSpace, loses nothing, lets keys be deleted, and is
// forgotten when there is room.
func TestNoSpace(t *testing.T) {
	var total tallied
	t.Run("scripts", func(t *testing.T) {
		for _, s := range scripts() {
			t.Run(s.name, func(t *testing.T) {
				t.Parallel()
				total.add(fillDisks(t, s))
			})
		}
	})
	t.Logf("T08: %d disks, %d images, %d deletes on a full disk", total.calls, total.images, total.deletes)
}

// TestNoSpaceForAnythingButDeletes writes the smallest records there are until
// the disk is full to the last of them. Deletes have room of their own.
func TestNoSpaceForAnythingButDeletes(t *testing.T) {
	const segment, least = 256 << 10, 48 // bytes; an eighth of a segment is kept for deletes
	d := newDisk(t)
	opts := onDisk(d, newHandClock())
	opts.SegmentSize = segment
	s := mustOpen(t, opts)
	d.SetCapacity(100 << 10)
	n := 0
	for ; ; n++ {
		err := s.Set(fmt.Sprint(n), nil, 0)
		if errors.Is(err, ErrNoSpace) {
			break
		}
		require.NoError(t, err)
	}
	require.ErrorIs(t, s.Set("a", nil, 0), ErrNoSpace, "not even that")
	for i := range segment / 8 / least {
		require.NoError(t, s.Delete(fmt.Sprint(i)), "delete number %d of %d keys", i, n)
	}
	d.SetCapacity(0)
	require.NoError(t, s.Close())
}

func fillDisks(t *testing.T, s script) counts {
	var sum tallied
	stride := int64(64 * 5 / fewer(5))
	for size := stride; ; size += stride {
		f := &filler{player: newPlayer(t, fmt.Sprintf("T08, disk of %d bytes,", size), s)}
		f.disk.SetCapacity(size)
		f.count.calls++
		f.fill()
		sum.add(f.count)
		if f.full == 0 {
			return sum.counts
		}
	}
}

// filler plays a script on a disk that becomes full.
type filler struct {
	*player
	count counts
	full  int // steps that met a full disk
}

// stepsWhenFull is how long the caller goes on before there is room.
const stepsWhenFull = 4

func (f *filler) fill() {
	f.heed(f.open)
	for i := range f.script.steps {
		f.heed(func() error { return f.play(i) })
		if f.full == stepsWhenFull {
			f.makeRoom()
		}
	}
	f.heed(f.close)
	f.makeRoom()
	f.must(f.close())
}

// heed does a deed, which may fail because the disk is full.
func (f *filler) heed(deed func() error) {
	err := deed()
	if err == nil && f.full == 0 {
		return
	}
	f.full++
	switch {
	case err != nil && (!errors.Is(err, ErrNoSpace) || f.full > stepsWhenFull):
		f.fail("got %v", err)
	case f.isClosed():
		f.makeRoom()
	case f.poison() != nil:
		f.fail("a full disk has poisoned the store: %v", f.poison())
	case err != nil:
		f.deleteOne()
	}
	f.must(f.checkReads())
	if f.full == 1 {
		f.cutPower()
	}
}

func (f *filler) isClosed() bool { return f.store == nil || f.store.engine.closed.Load() }

// deleteOne deletes a key on the full disk, if none of the room that is kept
// for that has been used, and the store has written since it was opened: a
// store that was closed has given back its room.
func (f *filler) deleteOne() {
	extents := f.store.engine.log.Extents()
	if len(extents) == 0 || readsClean(f.disk) {
		return
	}
	if extents[len(extents)-1].Length()+record.Size(0, 16) > f.script.segment {
		return
	}
	for key := range f.past.now().visible(f.now) {
		if err := f.write(step{text: "delete " + key, verb: "delete", key: key, policy: SyncAlways}); err != nil {
			f.fail("delete on a full disk: %v", err)
		}
		f.count.deletes++
		return
	}
}

// readsClean reports whether the store on a disk has not been written to
// since it was opened.
func readsClean(d *vfs.Disk) bool { return readListing(d, "MANIFEST").clean }

// makeRoom enlarges the disk. The store goes on, or opens if it could not.
func (f *filler) makeRoom() {
	f.disk.SetCapacity(0)
	if f.isClosed() {
		f.must(f.open())
	}
	_, err := f.store.Verify(context.Background())
	f.must(err)
}

func (f *filler) cutPower() {
	states := f.candidates()
	for _, keep := range []vfs.Keep{vfs.DropAll, vfs.Random} {
		f.count.images++
		image := f.disk.CrashClone(randomFor(f.suite, f.at), keep)
		image.SetCapacity(0)
		if _, err := f.look(image, states); err != nil {
			f.fail("power loss (%v) on a full disk: %v", keep, err)
		}
	}
}
