package kv

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store/internal/vfs"
)

// onThat makes Restore write to a file system.
func onThat(fs vfs.FS) CopyOption { return func(c *copying) { c.fs = fs } }

// smallStream returns a stream of a little of everything, the book of it, and
// its clock.
func smallStream(t testing.TB) ([]byte, *scribe) {
	t.Helper()
	d := newDisk(t)
	w := newScribeWith(t, onDisk(d, newHandClock()), newHandClock(), ledger{})
	for _, key := range []string{"a", "b", "c", "d"} {
		w.set(key, "value of "+key, time.Hour)
	}
	w.set("a", "newer", 0)
	w.delete("b")
	w.expire("c", 2*time.Hour)
	w.incr("n", 5, 0)
	w.set("long", string(make([]byte, 900)), 0)
	w.set("last", "", 0)
	var stream bytes.Buffer
	n, err := w.s.WriteTo(&stream)
	require.NoError(t, err)
	require.EqualValues(t, stream.Len(), n)
	return stream.Bytes(), w
}

// versions returns the version of every key.
func versions(t testing.TB, s *KVStore) map[string]uint64 {
	t.Helper()
	all := map[string]uint64{}
	for item, err := range s.Scan("") {
		require.NoError(t, err)
		all[item.Key] = item.Version
	}
	return all
}

func TestAStreamMakesTheSameStore(t *testing.T) {
	stream, w := smallStream(t)
	d := newDisk(t)
	require.NoError(t, Restore(context.Background(), bytes.NewReader(stream), "copy", onThat(d)))
	d = d.CrashClone(nil, vfs.DropAll) // it is durable
	opts := onDisk(d, w.clock)
	opts.DataDir = "copy"
	s := mustOpen(t, opts)
	require.True(t, s.Stats().Recovery.Clean)
	requireHoldings(t, w.book, s, "restored")
	require.Equal(t, versions(t, w.s), versions(t, s))
	_, err := s.Verify(context.Background())
	require.NoError(t, err)
	require.NoError(t, s.Set("new", []byte("write"), 0))
	require.NoError(t, s.Close())
	require.NoError(t, w.s.Close())
}

// TestAStreamOfABusyStore pipes a store to another while it is written to and
// compacted.
func TestAStreamOfABusyStore(t *testing.T) {
	s := mustOpen(t, Options{DataDir: t.TempDir(), Sync: SyncNever, SegmentSize: 16 << 10})
	stop := writeCounters(t, s)
	eventually(t, "there is something to copy", func() bool { return s.Stats().Compactions > 3 })
	dir := filepath.Join(t.TempDir(), "copy")
	acknowledged := readCounters(t, s)
	from, to := io.Pipe()
	go func() {
		_, err := s.WriteTo(to)
		_ = to.CloseWithError(err)
	}()
	require.NoError(t, Restore(context.Background(), iotest.OneByteReader(io.LimitReader(from, 1<<40)), dir))
	requireCounters(t, dir, acknowledged)
	stop()
	require.Zero(t, s.Stats().PinnedBytes)
	require.NoError(t, s.Close())
}

// TestDamagedStreams cuts a stream at every byte and flips its bits.
func TestDamagedStreams(t *testing.T) {
	stream, w := smallStream(t)
	require.NoError(t, w.s.Close())
	n := 0
	refuse := func(damaged []byte) {
		n++
		d := newDisk(t)
		err := Restore(context.Background(), bytes.NewReader(damaged), "copy", onThat(d))
		require.True(t, errors.Is(err, ErrCorrupt) || errors.Is(err, ErrUnsupportedVersion), "%v", err)
		names, err := d.Names("copy")
		require.NoError(t, err)
		require.Empty(t, names)
	}
	for cut := range stream {
		refuse(stream[:cut])
	}
	for bit := range bitsOf(len(stream)) {
		damaged := bytes.Clone(stream)
		damaged[bit/8] ^= 1 << (bit % 8)
		refuse(damaged)
	}
	refuse(append(bytes.Clone(stream), 0))
	refuse(append(bytes.Clone(stream), stream...))
	refuse([]byte("somebody's notes, which are no stream"))
	t.Logf("%d damaged streams refused", n)
}

// TestRestoreMeetsFaults fails every call of a restore, and cuts the power
// after it: there is never half a store.
func TestRestoreMeetsFaults(t *testing.T) {
	stream, w := smallStream(t)
	require.NoError(t, w.s.Close())
	for nth := 1; ; nth++ {
		d := newDisk(t)
		n := 0
		d.SetHook(func(op vfs.Op) error {
			if n++; n == nth {
				return errIO
			}
			return nil
		})
		err := Restore(context.Background(), bytes.NewReader(stream), "copy", onThat(d))
		d.SetHook(nil)
		if n < nth {
			require.NoError(t, err)
			t.Logf("%d calls", n)
			return
		}
		for _, left := range []*vfs.Disk{d, d.CrashClone(nil, vfs.DropAll), d.CrashClone(nil, vfs.KeepAll)} {
			opts := onDisk(left, w.clock)
			opts.DataDir, opts.ReadOnly = "copy", true
			s, openErr := NewKVStore(opts)
			if openErr != nil {
				continue
			}
			requireHoldings(t, w.book, s, "after a fault")
			require.NoError(t, s.Close())
		}
	}
}

func TestStreamRefuses(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, Options{InMemory: true})
	require.NoError(t, s.Set("key", []byte("value"), 0))
	var stream bytes.Buffer
	_, err := s.WriteTo(&stream)
	require.NoError(t, err)

	_, err = s.WriteTo(failingWriter{})
	require.ErrorIs(t, err, errIO)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = s.BackupTo(ctx, io.Discard)
	require.ErrorIs(t, err, context.Canceled)
	require.NoError(t, s.Close())
	_, err = s.WriteTo(io.Discard)
	require.ErrorIs(t, err, ErrStoreClosed)

	in := func() io.Reader { return bytes.NewReader(stream.Bytes()) }
	require.ErrorIs(t, Restore(ctx, in(), filepath.Join(dir, "x")), context.Canceled)
	require.NoDirExists(t, filepath.Join(dir, "x"))
	require.ErrorIs(t, Restore(context.Background(), in(), filepath.Join(dir, "no", "parent")), ErrInvalidOptions)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "notes"), nil, 0o600))
	require.ErrorIs(t, Restore(context.Background(), in(), dir), ErrNotAStore)
	require.FileExists(t, filepath.Join(dir, "notes"))
	err = Restore(context.Background(), iotest.ErrReader(errIO), filepath.Join(dir, "y"))
	require.ErrorIs(t, err, errIO)

	var done, total []int64
	stop := errors.New("stop")
	ctx, cancelCause := context.WithCancelCause(context.Background())
	err = Restore(ctx, in(), filepath.Join(dir, "y"), Progress(func(d, of int64) {
		done, total = append(done, d), append(total, of)
		cancelCause(stop)
	}))
	require.ErrorIs(t, err, context.Canceled)
	require.Len(t, done, 1)
	require.NoError(t, Restore(context.Background(), in(), filepath.Join(dir, "y"), Progress(func(d, of int64) {
		done, total = append(done, d), append(total, of)
	})))
	require.IsIncreasing(t, done[1:])
	require.Equal(t, done[len(done)-1], total[len(total)-1], "all is done at last")
	s = mustOpen(t, Options{DataDir: filepath.Join(dir, "y")})
	requireHoldings(t, ledger{"key": {value: "value"}}, s, "restored")
	require.NoError(t, s.Close())
}

// failingWriter takes nothing.
type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, errIO }

// FuzzRestore restores anything: it never panics, never believes a length,
// and what it makes is a store.
func FuzzRestore(f *testing.F) {
	stream, w := smallStream(f)
	require.NoError(f, w.s.Close())
	f.Add(stream)
	f.Add(stream[:100])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, stream []byte) {
		d := newDisk(t)
		var err error
		n := allocated(func() { err = Restore(context.Background(), bytes.NewReader(stream), "copy", onThat(d)) })
		require.Less(t, n, uint64(8<<20+8*len(stream)))
		if err != nil {
			names, err := d.Names("copy")
			require.NoError(t, err)
			require.Empty(t, names)
			return
		}
		opts := onDisk(d, w.clock)
		opts.DataDir = "copy"
		require.NoError(t, mustOpen(t, opts).Close())
	})
}
