package kv

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store/internal/segment"
	"github.com/spcent/plumego/store/internal/vfs"
)

// TestADamagedStoreIsNotStreamed flips bits of every segment under an open
// store. WriteTo names the file: nobody is to learn that a backup is useless
// when it is needed.
func TestADamagedStoreIsNotStreamed(t *testing.T) {
	d := newDisk(t)
	s := mustOpen(t, onDisk(d, newHandClock()))
	for i := range 20 {
		require.NoError(t, s.Set(string(rune('a'+i)), make([]byte, 100), 0))
	}
	sound := imageOf(t, d)
	n := 0
	for name, data := range sound {
		id, ok := segment.ParseName(name)
		if !ok || !bytes.Contains(sound[segment.ManifestName], fmt.Appendf(nil, "segment %016x ", id)) {
			continue // or it was made ahead of its time
		}
		used := len(bytes.TrimRight(data, "\x00"))
		for at := 0; at < used; at += 97 {
			damaged := slices.Clone(data)
			damaged[at] ^= 4
			require.NoError(t, d.WriteFile(imageDir, name, damaged))
			_, err := s.WriteTo(io.Discard)
			var c *CorruptError
			require.ErrorAs(t, err, &c, "%s at %d", name, at)
			require.Equal(t, imageDir+"/"+name, c.File)
			n++
		}
		require.NoError(t, d.WriteFile(imageDir, name, data))
	}
	_, err := s.WriteTo(io.Discard)
	require.NoError(t, err)
	require.NoError(t, s.Close())
	t.Logf("%d damaged stores", n)
}

// TestStreamMeetsFaults fails every call that writing a stream makes. An
// error is said, what was written by then is refused, and the store goes on.
func TestStreamMeetsFaults(t *testing.T) {
	d := newDisk(t)
	w := newScribe(t, d, newHandClock(), ledger{})
	for i := range 20 {
		w.set(string(rune('a'+i)), string(make([]byte, 100)), 0)
	}
	for nth := 1; ; nth++ {
		n, quiet := 0, false
		d.SetHook(func(op vfs.Op) error {
			if n++; n != nth {
				return nil
			}
			quiet = op.Kind == vfs.OpClose || op.Kind == vfs.OpUnmap || op.Kind == vfs.OpMap
			return errIO
		})
		var stream bytes.Buffer
		_, err := w.s.WriteTo(&stream)
		d.SetHook(nil)
		if n < nth {
			require.NoError(t, err)
			t.Logf("%d calls", n)
			break
		}
		if err == nil && quiet {
			continue // nothing was lost by it
		}
		require.ErrorIs(t, err, errIO)
		cut := stream.Bytes()
		if err := Restore(context.Background(), bytes.NewReader(cut), "copy", onThat(newDisk(t))); err == nil {
			require.True(t, quiet, "a stream that was not finished restores")
		}
	}
	require.NoError(t, w.s.Set("goes on", nil, 0))
	require.NoError(t, w.s.Close())
}

// TestRestoreOnDisksOfEverySize restores where there is too little room. The
// room is given back, and then the same directory will do.
func TestRestoreOnDisksOfEverySize(t *testing.T) {
	stream, w := smallStream(t)
	require.NoError(t, w.s.Close())
	for size := int64(64); ; size += 64 {
		d := newDisk(t)
		d.SetCapacity(size)
		err := Restore(context.Background(), bytes.NewReader(stream), "copy", onThat(d))
		d.SetCapacity(0)
		full := errors.Is(err, ErrNoSpace)
		if full {
			names, err := d.Names("copy")
			require.NoError(t, err)
			require.Empty(t, names)
			err = Restore(context.Background(), bytes.NewReader(stream), "copy", onThat(d))
			require.NoError(t, err)
		} else {
			require.NoError(t, err)
		}
		opts := onDisk(d, w.clock)
		opts.DataDir = "copy"
		s := mustOpen(t, opts)
		requireHoldings(t, w.book, s, "restored")
		require.NoError(t, s.Close())
		if !full {
			t.Logf("%d bytes of stream take %d of disk", len(stream), size)
			return
		}
	}
}

// TestRestoreIsOrdered watches the calls: the manifest is made when every
// segment is durable, name and bytes, and was read back.
func TestRestoreIsOrdered(t *testing.T) {
	stream, w := smallStream(t)
	require.NoError(t, w.s.Close())
	d := newDisk(t)
	var calls opLog
	calls.record(d)
	require.NoError(t, Restore(context.Background(), bytes.NewReader(stream), "copy", onThat(d)))
	ops := calls.take()
	manifest := slices.IndexFunc(ops, func(op vfs.Op) bool { return op.Kind == vfs.OpCreate && op.Name == segment.ManifestTemp })
	require.Positive(t, manifest)
	written, synced, proved := map[string]int{}, map[string]int{}, map[string]int{}
	dirSync := 0
	for i, op := range ops {
		switch {
		case op.Kind == vfs.OpDirSync && i < manifest:
			dirSync = i
		case !isSegment(op.Name):
		case op.Kind == vfs.OpWrite:
			written[op.Name] = i
		case op.Kind == vfs.OpFileSync:
			synced[op.Name] = i
		case op.Kind == vfs.OpOpen:
			proved[op.Name] = i
		}
	}
	require.Greater(t, len(written), 1)
	for name, at := range written {
		require.Greater(t, synced[name], at)
		require.Greater(t, dirSync, synced[name])
		require.Greater(t, proved[name], at)
		require.Less(t, proved[name], manifest)
	}
}
