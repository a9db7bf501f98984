package file_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store"
	"github.com/spcent/plumego/store/file"
)

// openDir returns a storage in a directory of its own, and that directory.
func openDir(t *testing.T, now func() time.Time) (*file.DirStorage, string) {
	dir := filepath.Join(t.TempDir(), "files")
	s, err := file.NewDirStorage(dir, file.DirOptions{Now: now})
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s, dir
}

func putString(t *testing.T, s file.Storage, name, body string, opts ...file.PutOptions) {
	t.Helper()
	_, err := s.Put(t.Context(), name, strings.NewReader(body), append(opts, file.PutOptions{})[0])
	require.NoError(t, err)
}

// TestNothingLeadsOutOfADirectory: links that somebody has laid are not
// followed out, and what is not ours is left alone.
func TestNothingLeadsOutOfADirectory(t *testing.T) {
	s, dir := openDir(t, nil)
	outside := filepath.Join(t.TempDir(), "outside")
	require.NoError(t, os.WriteFile(outside, []byte("secret"), 0o600))
	if err := os.Symlink(outside, filepath.Join(dir, "=link=")); err != nil {
		t.Skip("no symbolic links here")
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "README"), []byte("not ours"), 0o600))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "=dir="), 0o700))
	_, err := s.Get(t.Context(), "link")
	require.Error(t, err)
	require.NotContains(t, err.Error(), "link=")
	_, err = s.Get(t.Context(), "dir")
	require.Error(t, err)

	putString(t, s, "link", "new")
	require.NoError(t, s.Delete(t.Context(), "link"))
	b, err := os.ReadFile(outside)
	require.NoError(t, err)
	require.Equal(t, "secret", string(b))

	_, err = s.GC(t.Context())
	require.NoError(t, err)
	page, err := s.List(t.Context(), file.ListOptions{})
	require.NoError(t, err)
	require.Empty(t, page.Files)
	_, err = os.Stat(filepath.Join(dir, "README"))
	require.NoError(t, err)
}

// TestDamageInADirectory: what is known of a file is checked, and the length of
// the body; its bytes are Verify's to check.
func TestDamageInADirectory(t *testing.T) {
	const body = "the body of a file"
	s, dir := openDir(t, nil)
	for i := range 400 {
		putString(t, s, "a", "whole")
		putString(t, s, "f", body)
		onDisk := filepath.Join(dir, "=f=")
		b, err := os.ReadFile(onDisk)
		require.NoError(t, err)
		if i >= len(b) {
			break
		}
		b[i] ^= 0x10
		require.NoError(t, os.WriteFile(onDisk, b, 0o600))
		_, err = s.Stat(t.Context(), "f")
		require.ErrorIs(t, file.Verify(t.Context(), s, "f"), file.ErrCorrupt)
		_, copied := s.Copy(t.Context(), "f", "g")
		require.ErrorIs(t, copied, store.ErrCorrupt)
		page, listed := s.List(t.Context(), file.ListOptions{})
		require.NoError(t, listed)
		report, collected := s.GC(t.Context())
		if i < len(body) {
			require.NoError(t, err)
			require.NoError(t, collected)
			require.Len(t, page.Files, 2)
			require.Equal(t, "f", page.Files[1].Path)
		} else {
			require.ErrorIs(t, err, file.ErrCorrupt)
			require.ErrorIs(t, collected, file.ErrCorrupt)
			require.Equal(t, file.GCReport{Damaged: 1}, report)
			require.Len(t, page.Files, 1)
			require.Equal(t, []string{"f"}, page.Damaged)
			ok, err := s.Exists(t.Context(), "f")
			require.NoError(t, err)
			require.True(t, ok)
		}
		putString(t, s, "f", "new")
		require.NoError(t, file.Verify(t.Context(), s, "f"))
	}
}

// TestCutInADirectory: a file that was cut, at any place, is damaged.
func TestCutInADirectory(t *testing.T) {
	s, dir := openDir(t, nil)
	putString(t, s, "f", "the body of a file")
	onDisk := filepath.Join(dir, "=f=")
	b, err := os.ReadFile(onDisk)
	require.NoError(t, err)
	for n := range b {
		require.NoError(t, os.WriteFile(onDisk, b[:n], 0o600))
		_, err := s.Get(t.Context(), "f")
		require.ErrorIs(t, err, file.ErrCorrupt)
		require.NoError(t, os.WriteFile(onDisk, b[n+1:], 0o600))
		_, err = s.Get(t.Context(), "f")
		require.ErrorIs(t, err, file.ErrCorrupt)
	}
	require.NoError(t, os.WriteFile(onDisk, b, 0o600))
	f, err := s.Get(t.Context(), "f")
	require.NoError(t, err)
	if runtime.GOOS != "windows" {
		require.NoError(t, os.Truncate(onDisk, 5))
		_, err = io.ReadAll(f)
		require.ErrorIs(t, err, file.ErrCorrupt)
	}
	require.NoError(t, f.Close())
}

// TestCollectionInADirectory: what a dead process has left goes, what is being
// written and what has not expired stays.
func TestCollectionInADirectory(t *testing.T) {
	now := time.Unix(1e9, 0)
	s, dir := openDir(t, func() time.Time { return now })
	require.NoError(t, os.WriteFile(filepath.Join(dir, "~abc"), []byte("half"), 0o600))
	putString(t, s, "gone", "1", file.PutOptions{TTL: time.Second})
	putString(t, s, strings.Repeat("x", 500), "2", file.PutOptions{TTL: time.Second})
	putString(t, s, "stays", "3", file.PutOptions{TTL: time.Minute})
	now = now.Add(time.Second)
	var report file.GCReport
	source := io.MultiReader(strings.NewReader("begin"), readerFunc(func([]byte) (int, error) {
		var err error
		report, err = s.GC(t.Context())
		require.NoError(t, err)
		return 0, io.EOF
	}), strings.NewReader("end"))
	_, err := s.Put(t.Context(), "f", source, file.PutOptions{})
	require.NoError(t, err)
	require.Equal(t, file.GCReport{Uploads: 1, Bodies: 2, Kept: 1}, report)
	require.NoError(t, file.Verify(t.Context(), s, "f"))
	require.NoError(t, file.Verify(t.Context(), s, "stays"))
	page, err := s.List(t.Context(), file.ListOptions{})
	require.NoError(t, err)
	require.Len(t, page.Files, 2)
}

// TestUploadCollectedByAnother: the Put fails, and what was there stays.
func TestUploadCollectedByAnother(t *testing.T) {
	s, dir := openDir(t, nil)
	putString(t, s, "f", "before")
	other, err := file.NewDirStorage(dir, file.DirOptions{})
	require.NoError(t, err)
	source := readerFunc(func([]byte) (int, error) {
		_, err := other.GC(t.Context())
		require.NoError(t, err)
		return 0, io.EOF
	})
	_, err = s.Put(t.Context(), "f", io.MultiReader(strings.NewReader("after"), source), file.PutOptions{})
	require.ErrorIs(t, err, file.ErrGone)
	require.NoError(t, file.Verify(t.Context(), s, "f"))
	require.NoError(t, other.Close())
}

type readerFunc func([]byte) (int, error)

func (fn readerFunc) Read(p []byte) (int, error) { return fn(p) }

// TestOpeningADirectory: what can be opened, what stays, and for whom.
func TestOpeningADirectory(t *testing.T) {
	s, dir := openDir(t, nil)
	putString(t, s, "f", "body")
	f, err := s.Get(t.Context(), "f")
	require.NoError(t, err)
	require.NoError(t, s.Close())
	b, err := io.ReadAll(f)
	require.NoError(t, err)
	require.Equal(t, "body", string(b))
	require.NoError(t, f.Close())
	_, err = s.Get(t.Context(), "f")
	require.ErrorIs(t, err, store.ErrClosed)
	_, err = s.Put(t.Context(), "f", strings.NewReader("x"), file.PutOptions{})
	require.ErrorIs(t, err, store.ErrClosed)
	_, err = s.List(t.Context(), file.ListOptions{})
	require.ErrorIs(t, err, store.ErrClosed)

	again, err := file.NewDirStorage(dir, file.DirOptions{MaxSize: 4})
	require.NoError(t, err)
	require.NoError(t, file.Verify(t.Context(), again, "f"))
	_, err = again.Put(t.Context(), "f", strings.NewReader("bodies"), file.PutOptions{})
	require.ErrorIs(t, err, file.ErrTooLarge)
	require.NoError(t, file.Verify(t.Context(), again, "f"))
	require.NoError(t, again.Close())
	if runtime.GOOS != "windows" {
		for name, want := range map[string]fs.FileMode{dir: 0o700, filepath.Join(dir, "=f="): 0o600} {
			info, err := os.Stat(name)
			require.NoError(t, err)
			require.Equal(t, want, info.Mode().Perm())
		}
	}

	_, err = file.NewDirStorage(filepath.Join(dir, "no", "parent"), file.DirOptions{})
	require.Error(t, err)
	require.NotContains(t, err.Error(), "parent")
	_, err = file.NewDirStorage(filepath.Join(dir, "=f="), file.DirOptions{})
	require.Error(t, err, "a file")
	_, err = file.NewDirStorage(dir, file.DirOptions{MaxSize: -1})
	require.True(t, errors.Is(err, file.ErrInvalidOption))
}
