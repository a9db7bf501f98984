//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package vfs_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store/internal/vfs"
)

func TestOSRefusesUnsafeFiles(t *testing.T) {
	tmp := t.TempDir()
	data := filepath.Join(tmp, "data")
	require.NoError(t, os.Mkdir(data, 0o700))
	secret := filepath.Join(tmp, "secret")
	require.NoError(t, os.WriteFile(secret, []byte("secret"), 0o600))
	in := func(name string) string { return filepath.Join(data, name) }
	require.NoError(t, os.WriteFile(in("plain"), []byte("plain"), 0o600))
	require.NoError(t, os.Symlink("plain", in("link-inside")))
	require.NoError(t, os.Symlink(secret, in("link-outside")))
	require.NoError(t, os.Symlink("nowhere", in("link-dangling")))
	require.NoError(t, os.Link(secret, in("hard-link")))
	require.NoError(t, os.Mkdir(in("directory"), 0o700))
	require.NoError(t, syscall.Mkfifo(in("pipe"), 0o600))

	d := openOS(t, data)
	for _, name := range []string{"link-inside", "link-outside", "link-dangling", "hard-link", "directory", "pipe"} {
		t.Run(name, func(t *testing.T) {
			for _, mode := range []vfs.Mode{vfs.ReadOnly, vfs.ReadWrite} {
				_, err := d.Open(name, mode)
				require.ErrorIs(t, err, vfs.ErrUnsafeFile)
			}
			_, err := d.Lock(name)
			require.ErrorIs(t, err, vfs.ErrUnsafeFile)
			_, err = d.Create(name)
			require.ErrorIs(t, err, fs.ErrExist)
		})
	}
	require.NoFileExists(t, in("nowhere"), "nothing is created through a dangling link")
	require.Equal(t, "plain", contents(t, d, "plain"))
	require.NoError(t, os.Remove(secret))
	require.Equal(t, "secret", contents(t, d, "hard-link"), "the last name of a file is safe")
}

func TestOSOpenDirOfOtherThings(t *testing.T) {
	tmp := t.TempDir()
	require.NoError(t, syscall.Mkfifo(filepath.Join(tmp, "pipe"), 0o600))
	_, err := vfs.OS{}.OpenDir(filepath.Join(tmp, "pipe"))
	require.ErrorIs(t, err, vfs.ErrNotDir)
	_, err = vfs.OS{}.OpenDir(filepath.Join(tmp, "pipe", "below"))
	require.ErrorIs(t, err, vfs.ErrNotDir)
	require.NoError(t, os.Symlink("nowhere", filepath.Join(tmp, "dangling")))
	_, err = vfs.OS{}.OpenDir(filepath.Join(tmp, "dangling"))
	require.ErrorIs(t, err, fs.ErrNotExist)
}

func TestOSLockThroughALinkedDirectory(t *testing.T) {
	tmp := t.TempDir()
	require.NoError(t, vfs.OS{}.MakeDir(filepath.Join(tmp, "data")))
	require.NoError(t, os.Symlink("data", filepath.Join(tmp, "link")))
	direct, linked := openOS(t, filepath.Join(tmp, "data")), openOS(t, filepath.Join(tmp, "link"))
	held, err := direct.Lock("LOCK")
	require.NoError(t, err)
	_, err = linked.Lock("LOCK")
	require.ErrorIs(t, err, vfs.ErrLocked)
	require.ErrorIs(t, err, syscall.EWOULDBLOCK, "the cause stays reachable")
	require.NoError(t, held.Close())
	again, err := linked.Lock("LOCK")
	require.NoError(t, err)
	require.NoError(t, again.Close())
}

func TestOSDirectoryMayBeRenamed(t *testing.T) {
	tmp := t.TempDir()
	require.NoError(t, vfs.OS{}.MakeDir(filepath.Join(tmp, "old")))
	d := openOS(t, filepath.Join(tmp, "old"))
	create(t, d, "a", "first").Close()
	require.NoError(t, os.Rename(filepath.Join(tmp, "old"), filepath.Join(tmp, "new")))
	create(t, d, "b", "second").Close()
	require.NoError(t, d.Rename("a", "c"))
	require.NoError(t, d.Sync())
	names, err := d.List()
	require.NoError(t, err)
	require.Equal(t, []string{"b", "c"}, names)
	require.FileExists(t, filepath.Join(tmp, "new", "b"))
	require.NoDirExists(t, filepath.Join(tmp, "old"))
}

func TestOSModes(t *testing.T) {
	for _, umask := range []int{0, 0o022} {
		t.Run(fmt.Sprintf("umask %03o", umask), func(t *testing.T) {
			tmp := t.TempDir()
			former := syscall.Umask(umask)
			defer syscall.Umask(former)
			path := filepath.Join(tmp, "data")
			require.NoError(t, vfs.OS{}.MakeDir(path))
			d := openOS(t, path)
			create(t, d, "file", "x").Close()
			l, err := d.Lock("LOCK")
			require.NoError(t, err)
			require.NoError(t, l.Close())
			for name, want := range map[string]fs.FileMode{".": 0o700, "file": 0o600, "LOCK": 0o600} {
				info, err := os.Stat(filepath.Join(path, name))
				require.NoError(t, err)
				require.Equal(t, want, info.Mode().Perm(), name)
			}
		})
	}
}
