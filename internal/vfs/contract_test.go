package vfs_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store/internal/vfs"
)

// testFS checks what every FS promises. Directories are made in parent.
func testFS(t *testing.T, fsys vfs.FS, parent string) {
	fresh := func(t *testing.T, name string) vfs.Dir {
		t.Helper()
		path := filepath.Join(parent, name)
		require.NoError(t, fsys.MakeDir(path))
		d, err := fsys.OpenDir(path)
		require.NoError(t, err)
		t.Cleanup(func() { d.Close() })
		return d
	}
	t.Run("directories", func(t *testing.T) { testDirectories(t, fsys, fresh(t, "dirs"), filepath.Join(parent, "dirs")) })
	t.Run("names", func(t *testing.T) { testNames(t, fresh(t, "names")) })
	t.Run("names that are not flat are refused", func(t *testing.T) { testBadNames(t, fresh(t, "bad")) })
	t.Run("bytes", func(t *testing.T) { testBytes(t, fresh(t, "bytes")) })
	t.Run("truncate", func(t *testing.T) { testTruncate(t, fresh(t, "truncate")) })
	t.Run("reserve", func(t *testing.T) { testReserve(t, fresh(t, "reserve")) })
	t.Run("mapping", func(t *testing.T) { testMapping(t, fresh(t, "mapping")) })
	t.Run("a read-only file", func(t *testing.T) { testReadOnly(t, fresh(t, "readonly")) })
	t.Run("an unlinked file lives on", func(t *testing.T) { testUnlinked(t, fresh(t, "unlinked")) })
	t.Run("closed handles", func(t *testing.T) { testClosed(t, fresh(t, "closed")) })
	t.Run("lock", func(t *testing.T) { testLock(t, fresh(t, "lock")) })
	t.Run("readers beside a writer", func(t *testing.T) { testConcurrent(t, fresh(t, "concurrent")) })
}

func testDirectories(t *testing.T, fsys vfs.FS, d vfs.Dir, path string) {
	_, err := fsys.OpenDir(path + "-missing")
	require.ErrorIs(t, err, fs.ErrNotExist, "a missing directory")
	require.ErrorIs(t, fsys.MakeDir(path), fs.ErrExist, "an existing directory")
	create(t, d, "file", "x").Close()
	_, err = fsys.OpenDir(filepath.Join(path, "file"))
	require.ErrorIs(t, err, vfs.ErrNotDir, "a file")
	require.ErrorIs(t, fsys.MakeDir(filepath.Join(path, "file")), fs.ErrExist, "a file in the way")
	require.NoError(t, fsys.MakeDir(path+"-slash/"))
	other, err := fsys.OpenDir(path + "-slash")
	require.NoError(t, err)
	require.NoError(t, other.Close())
}

func testNames(t *testing.T, d vfs.Dir) {
	names := func(want ...string) {
		t.Helper()
		got, err := d.List()
		require.NoError(t, err)
		require.Equal(t, want, append([]string(nil), got...))
	}
	names()
	create(t, d, "b", "bee").Close()
	create(t, d, "a", "ay").Close()
	names("a", "b")
	_, err := d.Create("a")
	require.ErrorIs(t, err, fs.ErrExist)
	require.Equal(t, "ay", contents(t, d, "a"), "a refused Create leaves the file")

	require.NoError(t, d.Rename("a", "b"))
	names("b")
	require.Equal(t, "ay", contents(t, d, "b"))
	require.ErrorIs(t, d.Rename("a", "c"), fs.ErrNotExist)
	require.NoError(t, d.Sync())

	require.NoError(t, d.Remove("b"))
	names()
	require.ErrorIs(t, d.Remove("b"), fs.ErrNotExist)
	_, err = d.Open("b", vfs.ReadWrite)
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.NoError(t, d.Sync())
}

func testBadNames(t *testing.T, d vfs.Dir) {
	create(t, d, "good", "x").Close()
	for _, name := range []string{"", ".", "..", "a/b", "../good", "/good", `a\b`, "a\x00"} {
		_, err := d.Create(name)
		require.ErrorIs(t, err, fs.ErrInvalid, "Create(%q)", name)
		_, err = d.Open(name, vfs.ReadOnly)
		require.ErrorIs(t, err, fs.ErrInvalid, "Open(%q)", name)
		_, err = d.Lock(name)
		require.ErrorIs(t, err, fs.ErrInvalid, "Lock(%q)", name)
		require.ErrorIs(t, d.Remove(name), fs.ErrInvalid, "Remove(%q)", name)
		require.ErrorIs(t, d.Rename("good", name), fs.ErrInvalid, "Rename to %q", name)
		require.ErrorIs(t, d.Rename(name, "good"), fs.ErrInvalid, "Rename from %q", name)
	}
	require.Equal(t, "x", contents(t, d, "good"))
}

func testBytes(t *testing.T, d vfs.Dir) {
	f := create(t, d, "f", "hello")
	defer f.Close()
	_, err := f.WriteAt([]byte("world"), 8)
	require.NoError(t, err)
	_, err = f.WriteAt([]byte("J"), 0)
	require.NoError(t, err)
	require.NoError(t, f.Sync())
	require.Equal(t, "Jello\x00\x00\x00world", contents(t, d, "f"), "a gap is zero")

	tests := []struct {
		name     string
		off, len int64
		want     string
		err      error
	}{
		{"inside", 1, 3, "ell", nil},
		{"up to the end", 8, 5, "world", nil},
		{"across the end", 11, 5, "ld", io.EOF},
		{"at the end", 13, 1, "", io.EOF},
		{"behind the end", 99, 1, "", io.EOF},
		{"nothing", 0, 0, "", nil},
	}
	for _, tt := range tests {
		t.Run("read "+tt.name, func(t *testing.T) {
			b := make([]byte, tt.len)
			n, err := f.ReadAt(b, tt.off)
			require.Equal(t, tt.err, err)
			require.Equal(t, tt.want, string(b[:n]))
		})
	}
	_, err = f.ReadAt(make([]byte, 1), -1)
	require.Error(t, err)
	_, err = f.WriteAt([]byte("x"), -1)
	require.Error(t, err)
}

func testTruncate(t *testing.T, d vfs.Dir) {
	f := create(t, d, "f", "0123456789")
	defer f.Close()
	require.NoError(t, f.Truncate(4))
	require.Equal(t, int64(4), size(t, f))
	require.NoError(t, f.Truncate(8))
	require.Equal(t, "0123\x00\x00\x00\x00", contents(t, d, "f"), "what was cut does not come back")
	require.NoError(t, f.Truncate(2))
	_, err := f.WriteAt([]byte("x"), 5)
	require.NoError(t, err)
	require.Equal(t, "01\x00\x00\x00x", contents(t, d, "f"), "nor by a write behind the end")
	require.Error(t, f.Truncate(-1))
}

func testReserve(t *testing.T, d vfs.Dir) {
	f := create(t, d, "f", "head")
	defer f.Close()
	first, err := f.Reserve(200_000)
	require.NoError(t, err)
	require.Equal(t, int64(200_000), size(t, f))
	want := append([]byte("head"), make([]byte, 200_000-4)...)
	require.True(t, contents(t, d, "f") == string(want), "the new bytes are zero and the old ones stay")

	again, err := f.Reserve(10)
	require.NoError(t, err)
	require.Equal(t, first, again, "placement of a file that is long enough")
	require.Equal(t, int64(200_000), size(t, f), "never shorter")

	require.NoError(t, f.Truncate(3))
	_, err = f.Reserve(100)
	require.NoError(t, err)
	require.Equal(t, "hea"+string(make([]byte, 97)), contents(t, d, "f"))
}

func testMapping(t *testing.T, d vfs.Dir) {
	f := create(t, d, "f", "")
	defer f.Close()
	const length = 1 << 20
	m := mapped(t, f, length, vfs.ReadWrite)
	require.Len(t, m, length)
	require.Equal(t, int64(0), size(t, f), "a mapping does not extend the file")

	placement, err := f.Reserve(100_000)
	require.NoError(t, err)
	_, err = f.WriteAt([]byte("by call"), 90_000)
	require.NoError(t, err)
	require.Equal(t, "by call", string(m[90_000:90_007]), "writes show in the mapping")
	if placement == vfs.ByMapping {
		copy(m[50_000:], "by store")
		require.NoError(t, f.Sync())
		require.Equal(t, "by store", read(t, f, 50_000, 8), "stores show in the file")
	}
	_, err = f.Reserve(300_000)
	require.NoError(t, err)
	require.Equal(t, "by call", string(m[90_000:90_007]), "the mapping stays where it was")
	_, err = f.WriteAt([]byte("more"), 299_000)
	require.NoError(t, err)
	require.Equal(t, "more", string(m[299_000:299_004]))

	reader, err := d.Open("f", vfs.ReadOnly)
	require.NoError(t, err)
	seen := mapped(t, reader, 300_000, vfs.ReadOnly)
	require.Equal(t, "more", string(seen[299_000:299_004]), "a second handle maps the same bytes")
	require.NoError(t, reader.Close())
	require.Equal(t, "more", string(seen[299_000:299_004]), "a mapping outlives its handle")
	require.NoError(t, reader.Unmap(seen))

	require.NoError(t, f.Protect(m))
	require.NoError(t, f.Truncate(90_007))
	require.Equal(t, "by call", string(m[90_000:90_007]))
	require.NoError(t, f.Unmap(m))
	for _, bad := range []int64{0, -1} {
		_, err := f.Map(bad, vfs.ReadOnly)
		require.ErrorIs(t, err, fs.ErrInvalid, "length %d", bad)
	}
}

func testReadOnly(t *testing.T, d vfs.Dir) {
	create(t, d, "f", "text").Close()
	f, err := d.Open("f", vfs.ReadOnly)
	require.NoError(t, err)
	defer f.Close()
	_, err = f.WriteAt([]byte("x"), 0)
	require.Error(t, err)
	require.Error(t, f.Truncate(1))
	_, err = f.Reserve(100)
	require.Error(t, err)
	_, err = f.Map(4, vfs.ReadWrite)
	require.Error(t, err)
	require.Equal(t, "text", contents(t, d, "f"))
}

func testUnlinked(t *testing.T, d vfs.Dir) {
	f := create(t, d, "f", "old")
	require.NoError(t, d.Remove("f"))
	create(t, d, "f", "new").Close()
	require.Equal(t, "old", read(t, f, 0, 3))
	require.NoError(t, f.Close())
	require.Equal(t, "new", contents(t, d, "f"))
}

func testClosed(t *testing.T, d vfs.Dir) {
	f := create(t, d, "f", "text")
	require.NoError(t, d.Close())
	require.Equal(t, "text", read(t, f, 0, 4), "open files outlive their directory")
	require.NoError(t, f.Close())

	_, createErr := d.Create("g")
	_, openErr := d.Open("f", vfs.ReadOnly)
	_, lockErr := d.Lock("l")
	_, listErr := d.List()
	_, readErr := f.ReadAt(make([]byte, 1), 0)
	_, writeErr := f.WriteAt(make([]byte, 1), 0)
	_, sizeErr := f.Size()
	_, reserveErr := f.Reserve(100)
	calls := map[string]error{
		"Dir.Create": createErr, "Dir.Open": openErr, "Dir.Lock": lockErr, "Dir.List": listErr,
		"Dir.Rename": d.Rename("f", "g"), "Dir.Remove": d.Remove("f"), "Dir.Close": d.Close(),
		"File.ReadAt": readErr, "File.WriteAt": writeErr, "File.Size": sizeErr, "File.Reserve": reserveErr,
		"File.Truncate": f.Truncate(0), "File.Sync": f.Sync(), "File.Close": f.Close(),
	}
	for name, err := range calls {
		require.ErrorIs(t, err, fs.ErrClosed, name)
	}
}

func testLock(t *testing.T, d vfs.Dir) {
	held, err := d.Lock("LOCK")
	require.NoError(t, err)
	_, err = d.Lock("LOCK")
	require.ErrorIs(t, err, vfs.ErrLocked)
	require.NoError(t, held.Close())
	require.ErrorIs(t, held.Close(), fs.ErrClosed)
	again, err := d.Lock("LOCK")
	require.NoError(t, err, "a closed lock is free")
	require.NoError(t, again.Close())
	names, err := d.List()
	require.NoError(t, err)
	require.Equal(t, []string{"LOCK"}, names, "the file is never removed")
}

// testConcurrent is for the race detector: what File allows beside one
// writer.
func testConcurrent(t *testing.T, d vfs.Dir) {
	f := create(t, d, "f", "")
	defer f.Close()
	m, err := f.Map(1<<16, vfs.ReadWrite)
	require.True(t, err == nil || errors.Is(err, errors.ErrUnsupported), "Map: %v", err)
	placement, err := f.Reserve(1 << 15)
	require.NoError(t, err)
	_, err = f.WriteAt(bytes.Repeat([]byte{1}, 4096), 0)
	require.NoError(t, err)

	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			b := make([]byte, 4096)
			for range 50 {
				_, err := f.ReadAt(b, 0)
				if err != nil || b[0] != 1 || b[4095] != 1 {
					t.Errorf("read beside a writer: %v", err)
				}
				if m != nil && m[100] != 1 {
					t.Error("mapped read beside a writer: wrong byte")
				}
			}
		})
	}
	wg.Go(func() {
		for range 20 {
			if err := f.Sync(); err != nil {
				t.Errorf("sync beside a writer: %v", err)
			}
		}
	})
	for i := range 100 {
		off := 4096 + 100*i
		if m != nil && placement == vfs.ByMapping && i%2 == 0 {
			copy(m[off:off+100], bytes.Repeat([]byte{2}, 100))
			continue
		}
		_, err := f.WriteAt(bytes.Repeat([]byte{2}, 100), int64(off))
		require.NoError(t, err)
	}
	_, err = f.Reserve(1 << 16)
	require.NoError(t, err)
	wg.Wait()
	require.Equal(t, string(bytes.Repeat([]byte{2}, 10_000)), read(t, f, 4096, 10_000))
	if m != nil {
		require.NoError(t, f.Unmap(m))
	}
}
