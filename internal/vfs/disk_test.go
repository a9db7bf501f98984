package vfs_test

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store/internal/vfs"
)

func TestDisk(t *testing.T) {
	t.Run("mapped", func(t *testing.T) { testFS(t, vfs.NewDisk(), "any/path") })
	t.Run("without mappings", func(t *testing.T) {
		d := vfs.NewDisk()
		d.Placement, d.NoMap = vfs.ByCall, true
		testFS(t, d, "any/path")
	})
}

// newDisk returns a disk with an open directory "d".
func newDisk(t *testing.T) (*vfs.Disk, vfs.Dir) {
	t.Helper()
	disk := vfs.NewDisk()
	require.NoError(t, disk.MakeDir("d"))
	return disk, openDisk(t, disk)
}

func openDisk(t *testing.T, disk *vfs.Disk) vfs.Dir {
	t.Helper()
	dir, err := disk.OpenDir("d")
	require.NoError(t, err)
	return dir
}

// durable creates a file that survives everything.
func durable(t *testing.T, dir vfs.Dir, name, text string) vfs.File {
	t.Helper()
	f := create(t, dir, name, text)
	require.NoError(t, f.Sync())
	require.NoError(t, dir.Sync())
	return f
}

// onDisk returns every file of "d" as name=text.
func onDisk(t *testing.T, disk *vfs.Disk) string {
	t.Helper()
	names, err := disk.Names("d")
	require.NoError(t, err)
	var all []string
	for _, name := range names {
		b, err := disk.ReadFile("d", name)
		require.NoError(t, err)
		all = append(all, name+"="+string(b))
	}
	return strings.Join(all, " ")
}

func TestDiskKnobs(t *testing.T) {
	disk, dir := newDisk(t)
	disk.Placement = vfs.ByCall
	f := create(t, dir, "f", "")
	p, err := f.Reserve(10)
	require.NoError(t, err)
	require.Equal(t, vfs.ByCall, p)
	disk.NoMap = true
	_, err = f.Map(10, vfs.ReadOnly)
	require.ErrorIs(t, err, errors.ErrUnsupported)
}

func TestDiskCapacity(t *testing.T) {
	disk, dir := newDisk(t)
	disk.SetCapacity(10)
	f := create(t, dir, "f", "12345678")

	n, err := f.WriteAt([]byte("abcdef"), 6)
	require.ErrorIs(t, err, vfs.ErrNoSpace)
	require.Equal(t, 4, n, "what fits is written")
	require.Equal(t, "123456abcd", contents(t, dir, "f"))

	_, err = f.WriteAt([]byte("over"), 0)
	require.NoError(t, err, "overwriting needs no room")
	n, err = f.WriteAt([]byte("x"), 50)
	require.ErrorIs(t, err, vfs.ErrNoSpace)
	require.Zero(t, n)
	_, err = f.Reserve(11)
	require.ErrorIs(t, err, vfs.ErrNoSpace)
	require.ErrorIs(t, f.Truncate(11), vfs.ErrNoSpace)
	_, err = dir.Create("g")
	require.ErrorIs(t, err, vfs.ErrNoSpace)
	require.Equal(t, "f=over56abcd", onDisk(t, disk), "refusals change nothing")

	require.NoError(t, f.Truncate(4))
	g := create(t, dir, "g", "123456")
	_, err = g.Reserve(7)
	require.ErrorIs(t, err, vfs.ErrNoSpace, "the files share the room")
	require.NoError(t, dir.Remove("f"))
	_, err = g.Reserve(10)
	require.NoError(t, err, "a removed file gives its room back")
	require.NoError(t, disk.Clone().MakeDir("e"))
	disk.SetCapacity(0)
	_, err = g.Reserve(1000)
	require.NoError(t, err)
}

func TestDiskDamage(t *testing.T) {
	disk, dir := newDisk(t)
	f := durable(t, dir, "f", "old")
	require.NoError(t, dir.Rename("f", "g"))
	require.NoError(t, disk.WriteFile("d", "g", []byte("damaged")))
	require.Equal(t, "old", read(t, f, 0, 3), "open handles keep the old file")
	require.Equal(t, "g=damaged", onDisk(t, disk))
	require.Contains(t, onDisk(t, disk.CrashClone(nil, vfs.DropAll)), "g=damaged")
	require.NoError(t, disk.RemoveFile("d", "g"))
	require.NotContains(t, onDisk(t, disk.CrashClone(nil, vfs.DropAll)), "g=")
	require.Error(t, disk.RemoveFile("d", "g"))
	_, err := disk.ReadFile("d", "g")
	require.Error(t, err)
	_, err = disk.Names("nowhere")
	require.Error(t, err)
	require.Error(t, disk.WriteFile("nowhere", "f", nil))
	require.Error(t, disk.RemoveFile("nowhere", "f"))
}

func TestDiskSyncBesideMappedStores(t *testing.T) {
	disk, dir := newDisk(t)
	f := create(t, dir, "f", "")
	m, err := f.Map(1<<14, vfs.ReadWrite)
	require.NoError(t, err)
	_, err = f.Reserve(1 << 14)
	require.NoError(t, err)
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := range m {
			m[i] = 7
		}
	})
	for range 50 {
		require.NoError(t, f.Sync())
		disk.CrashClone(nil, vfs.KeepAll)
		disk.DirtySectors()
	}
	wg.Wait()
	require.NoError(t, f.Sync())
	require.NoError(t, dir.Sync())
	b, err := disk.CrashClone(nil, vfs.DropAll).ReadFile("d", "f")
	require.NoError(t, err)
	require.Equal(t, strings.Repeat("\x07", 1<<14), string(b))
}
