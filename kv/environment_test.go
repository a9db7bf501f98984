package kv

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store/internal/vfs"
)

// refuses opens, read-only and not, and wants the error, and the directory
// as it was.
func refuses(t *testing.T, dir string, want error) {
	t.Helper()
	for _, readOnly := range []bool{true, false} {
		before := tree(t, dir)
		_, err := NewKVStore(Options{DataDir: dir, ReadOnly: readOnly})
		require.ErrorIs(t, err, want, "read-only %v", readOnly)
		require.True(t, strings.HasPrefix(err.Error(), "kv: "), "%v", err)
		require.Empty(t, before.differs(tree(t, dir)), "read-only %v: made or changed", readOnly)
	}
}

// tree lists everything at and below the parent of a path, with its bytes.
func tree(t *testing.T, dir string) image {
	t.Helper()
	all := image{}
	root := filepath.Dir(dir)
	require.NoError(t, filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			all[path] = nil
			return nil
		}
		all[path], err = os.ReadFile(path)
		return err
	}))
	return all
}

func TestAMissingDirectoryIsMade(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	_, err := NewKVStore(Options{DataDir: dir, ReadOnly: true})
	require.ErrorIs(t, err, ErrNotAStore, "read-only makes nothing")
	require.NoDirExists(t, dir)
	s := mustOpen(t, inDir(dir))
	require.NoError(t, s.Set("key", nil, 0))
	require.NoError(t, s.Close())
	s = mustOpenAgain(t, inDir(dir))
	requireHoldings(t, ledger{"key": {}}, s, "reopened")
	require.NoError(t, s.Close())
}

func TestAMissingParentIsNotMade(t *testing.T) {
	root := t.TempDir()
	dir := filepath.Join(root, "missing", "new")
	_, err := NewKVStore(inDir(dir))
	require.ErrorIs(t, err, ErrInvalidOptions)
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.Empty(t, readAll(t, root))
}

func TestAPathThatIsNoStore(t *testing.T) {
	t.Run("a file", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "file")
		require.NoError(t, os.WriteFile(path, []byte("somebody's"), 0o600))
		refuses(t, path, ErrNotAStore)
	})
	t.Run("below a file", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "file")
		require.NoError(t, os.WriteFile(path, []byte("somebody's"), 0o600))
		_, err := NewKVStore(inDir(filepath.Join(path, "store")))
		require.ErrorIs(t, err, ErrNotAStore)
	})
	t.Run("other files", func(t *testing.T) {
		dir := t.TempDir()
		image{"passwd": []byte("root"), "LOCK": nil}.writeAll(t, dir)
		refuses(t, dir, ErrNotAStore)
	})
	t.Run("an index of something else", func(t *testing.T) {
		dir := t.TempDir()
		image{"INDEX": []byte("1. Introduction"), "LOCK": nil}.writeAll(t, dir)
		refuses(t, dir, ErrNotAStore)
	})
	t.Run("other directories", func(t *testing.T) {
		dir := t.TempDir()
		require.NoError(t, os.Mkdir(filepath.Join(dir, "sub"), 0o700))
		refuses(t, dir, ErrNotAStore)
	})
	t.Run("segments without a manifest", func(t *testing.T) {
		dir := t.TempDir()
		newSample(t, true, false).without("MANIFEST").without("LOCK").writeAll(t, dir)
		refuses(t, dir, ErrCorrupt)
	})
}

// TestARefusalLeavesNoLockBehind opens directories that have a manifest, but
// one of another program or a damaged one, and no lock file.
func TestARefusalLeavesNoLockBehind(t *testing.T) {
	m := newSample(t, true, false)
	for name, im := range map[string]image{
		"another program's manifest": {"MANIFEST": []byte("Manifest-Version: 1.0\n"), "a.jar": nil},
		"a damaged store":            m.with(m.active, []byte("damaged")),
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			im.writeAll(t, dir)
			refuses(t, dir, ErrCorrupt)
		})
	}
}

// TestForbidden has the system deny each call of an open in turn, since
// tests may run as root, whom no file mode stops.
func TestForbidden(t *testing.T) {
	m := newSample(t, true, false)
	killed := newSample(t, false, false)
	for name, im := range map[string]image{"empty": {}, "closed": m.image, "killed": killed.image} {
		for _, kind := range []vfs.OpKind{vfs.OpMakeDir, vfs.OpOpenDir, vfs.OpList, vfs.OpLock, vfs.OpOpen,
			vfs.OpSize, vfs.OpRead, vfs.OpMap, vfs.OpCreate, vfs.OpRename, vfs.OpRemove} {
			for _, readOnly := range []bool{true, false} {
				d := im.disk(t)
				d.SetHook(func(op vfs.Op) error {
					if op.Kind == kind {
						return fs.ErrPermission
					}
					return nil
				})
				opts := onDisk(d, m.clock)
				opts.ReadOnly = readOnly
				s, err := NewKVStore(opts)
				if err == nil { // that open had no use for this kind of call
					require.NoError(t, s.Close(), "%s, %v", name, kind)
					continue
				}
				require.True(t, strings.HasPrefix(err.Error(), "kv: "), "%v", err)
				require.True(t, errors.Is(err, fs.ErrPermission) || readOnly && name == "empty" && errors.Is(err, ErrNotAStore),
					"%s, %v, read-only %v: %v", name, kind, readOnly, err)
			}
		}
	}
}

// TestAReadOnlyDirectoryCanBeRead denies every change.
func TestAReadOnlyDirectoryCanBeRead(t *testing.T) {
	for _, closed := range []bool{true, false} {
		m := newSample(t, closed, false)
		for name, im := range map[string]image{"with a lock file": m.image, "without": m.without("LOCK")} {
			d := im.disk(t)
			d.SetHook(func(op vfs.Op) error {
				switch op.Kind {
				case vfs.OpMakeDir, vfs.OpCreate, vfs.OpRename, vfs.OpRemove, vfs.OpWrite, vfs.OpTruncate,
					vfs.OpReserve, vfs.OpFileSync, vfs.OpDirSync:
					return fs.ErrPermission
				}
				return nil
			})
			opts := onDisk(d, m.clock)
			opts.ReadOnly = true
			s := mustOpen(t, opts)
			got, err := holdings(s)
			require.NoError(t, err)
			require.Equal(t, m.last(0), got, name)
			for call, want := range map[string]error{"Set": ErrReadOnly, "Delete": ErrReadOnly, "Expire": ErrReadOnly, "Incr": ErrReadOnly, "Sync": nil} {
				require.ErrorIs(t, everyCall()[call](s, "counter"), want, call)
			}
			require.NoError(t, s.Close())
			require.Empty(t, im.differs(imageOf(t, d)), "%s: reading changed this file", name)
		}
	}
}

// TestVerifyOfAReadOnlyStore reads everything and finds no fault, closed or
// killed.
func TestVerifyOfAReadOnlyStore(t *testing.T) {
	for name, closed := range map[string]bool{"closed": true, "killed": false} {
		t.Run(name, func(t *testing.T) {
			m := newSample(t, closed, false)
			opts := onDisk(m.disk(t), m.clock)
			opts.ReadOnly = true
			s := mustOpen(t, opts)
			requireHoldings(t, m.last(0), s, "read-only")
			require.NoError(t, s.Close())
		})
	}
}

// TestInMemoryTouchesNoDirectory runs a store where the working directory is
// empty, and stays so.
func TestInMemoryTouchesNoDirectory(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	s := mustOpen(t, Options{InMemory: true, SegmentSize: minSegmentSize})
	for range 100 {
		require.NoError(t, s.Set("key", make([]byte, 100), 0))
	}
	requireHoldings(t, ledger{"key": {value: string(make([]byte, 100))}}, s, "in memory")
	require.NoError(t, s.Close())
	require.Empty(t, readAll(t, dir))
}
