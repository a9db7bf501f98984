//go:build unix

package kv

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestModes looks at everything a store makes, under the most generous umask
// and under the usual one. The temporary manifest is caught by name: it is
// the manifest later.
func TestModes(t *testing.T) {
	for _, umask := range []int{0, 0o022} {
		t.Run(fmt.Sprintf("umask %03o", umask), func(t *testing.T) {
			old := syscall.Umask(umask)
			defer syscall.Umask(old)
			dir := filepath.Join(t.TempDir(), "store")
			s := mustOpen(t, inDir(dir))
			fillSegments(t, s, 2)
			require.NoError(t, s.Close())
			info, err := os.Stat(dir)
			require.NoError(t, err)
			require.Equal(t, os.FileMode(0o700), info.Mode().Perm(), "the directory")
			entries, err := os.ReadDir(dir)
			require.NoError(t, err)
			require.GreaterOrEqual(t, len(entries), 4)
			for _, e := range entries {
				info, err := e.Info()
				require.NoError(t, err)
				require.Equal(t, os.FileMode(0o600), info.Mode(), e.Name())
			}
		})
	}
}

// TestSymlinkedDirectory uses a store through a link: it works, and it is
// the same store.
func TestSymlinkedDirectory(t *testing.T) {
	root := t.TempDir()
	dir, link := filepath.Join(root, "store"), filepath.Join(root, "link")
	require.NoError(t, os.Mkdir(dir, 0o700))
	require.NoError(t, os.Symlink(dir, link))
	s := mustOpen(t, inDir(link))
	require.NoError(t, s.Set("key", []byte("value"), 0))
	_, err := NewKVStore(inDir(dir))
	require.ErrorIs(t, err, ErrLocked, "by its own name")
	require.NoError(t, s.Close())
	s = mustOpenAgain(t, inDir(dir))
	requireHoldings(t, ledger{"key": {value: "value"}}, s, "by its own name")
	require.NoError(t, s.Close())
}

// TestLinkedFiles puts links in the place of a store's files. They may lead
// anywhere, or be written from elsewhere.
func TestLinkedFiles(t *testing.T) {
	m := newSample(t, true, false)
	makers := map[string]func(from, to string) error{"symbolic": os.Symlink, "hard": os.Link}
	for _, file := range m.names() {
		for kind, link := range makers {
			t.Run(kind+" link for "+file, func(t *testing.T) {
				root := t.TempDir()
				dir, away := filepath.Join(root, "store"), filepath.Join(root, "away")
				require.NoError(t, os.Mkdir(dir, 0o700))
				m.writeAll(t, dir)
				require.NoError(t, os.Rename(filepath.Join(dir, file), away))
				require.NoError(t, link(away, filepath.Join(dir, file)))
				if file == "LOCK" {
					_, err := NewKVStore(inDir(dir))
					require.Error(t, err)
					return
				}
				refuses(t, dir, ErrCorrupt)
			})
		}
	}
}

// TestDirectoryRenamedWhileOpen goes on working in the directory it opened.
func TestDirectoryRenamedWhileOpen(t *testing.T) {
	root := t.TempDir()
	dir, moved := filepath.Join(root, "store"), filepath.Join(root, "moved")
	s := mustOpen(t, inDir(dir))
	require.NoError(t, s.Set("before", nil, 0))
	require.NoError(t, os.Rename(dir, moved))
	require.NoError(t, os.Mkdir(dir, 0o700), "a decoy")
	fillSegments(t, s, 2)
	require.NoError(t, s.Set("after", nil, 0))
	want := fillers(true)
	want["before"], want["after"] = holding{}, holding{}
	requireHoldings(t, want, s, "renamed")
	require.NoError(t, s.Close())
	require.Empty(t, readAll(t, dir), "nothing went to the old path")
	s = mustOpen(t, inDir(moved))
	requireHoldings(t, want, s, "at the new path")
	require.NoError(t, s.Close())
}

// TestPipesAndDevices are not waited for.
func TestPipesAndDevices(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, syscall.Mkfifo(path, 0o600))
	_, err := NewKVStore(inDir(path))
	require.ErrorIs(t, err, ErrNotAStore)

	dir := t.TempDir()
	m := newSample(t, true, false)
	m.writeAll(t, dir)
	path = filepath.Join(dir, m.active)
	require.NoError(t, os.Remove(path))
	require.NoError(t, syscall.Mkfifo(path, 0o600))
	_, err = NewKVStore(inDir(dir))
	require.ErrorIs(t, err, ErrCorrupt)
}
