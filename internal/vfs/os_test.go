package vfs_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store/internal/vfs"
)

func TestOS(t *testing.T) {
	testFS(t, vfs.OS{}, t.TempDir())
}

func openOS(t *testing.T, path string) vfs.Dir {
	t.Helper()
	d, err := vfs.OS{}.OpenDir(path)
	require.NoError(t, err)
	t.Cleanup(func() { d.Close() })
	return d
}

func TestOSMakeDirNeedsItsParent(t *testing.T) {
	tmp := t.TempDir()
	require.ErrorIs(t, vfs.OS{}.MakeDir(filepath.Join(tmp, "no", "child")), os.ErrNotExist)
	require.NoError(t, os.WriteFile(filepath.Join(tmp, "file"), nil, 0o600))
	require.ErrorIs(t, vfs.OS{}.MakeDir(filepath.Join(tmp, "file", "child")), vfs.ErrNotDir)
	_, err := vfs.OS{}.OpenDir(filepath.Join(tmp, "no", "child"))
	require.ErrorIs(t, err, os.ErrNotExist)
	_, err = vfs.OS{}.OpenDir("")
	require.ErrorIs(t, err, os.ErrNotExist)
	left, err := os.ReadDir(tmp)
	require.NoError(t, err)
	require.Len(t, left, 1, "nothing half made")
}

func TestOSMakeDirByRelativePath(t *testing.T) {
	t.Chdir(t.TempDir())
	require.NoError(t, vfs.OS{}.MakeDir("data"))
	require.NoError(t, vfs.OS{}.MakeDir("./data/inner/"))
	create(t, openOS(t, "data/inner"), "f", "x").Close()
}

func TestOSRemoveSparesDirectories(t *testing.T) {
	tmp := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(tmp, "empty"), 0o700))
	require.ErrorIs(t, openOS(t, tmp).Remove("empty"), vfs.ErrUnsafeFile)
	require.DirExists(t, filepath.Join(tmp, "empty"))
}
