package vfs_test

import (
	"errors"
	"io/fs"
	"math/bits"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store/internal/vfs"
)

// mount mounts a tmpfs for the test, or skips it.
func mount(t *testing.T, options string) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, options); err != nil {
		t.Skip("cannot mount a tmpfs here: ", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Errorf("unmount: %v", err)
		}
	})
	return dir
}

func TestOSFullDevice(t *testing.T) {
	d, err := vfs.OS{}.OpenDir(mount(t, "size=1m"))
	require.NoError(t, err)
	defer d.Close()
	f := create(t, d, "f", "text")
	defer f.Close()
	_, err = f.Reserve(512 << 10)
	require.NoError(t, err)

	_, err = f.Reserve(4 << 20)
	require.ErrorIs(t, err, vfs.ErrNoSpace)
	require.ErrorIs(t, err, syscall.ENOSPC, "the cause stays reachable")
	require.Equal(t, int64(512<<10), size(t, f), "the length is rolled back")

	hog, err := d.Create("hog")
	require.NoError(t, err)
	defer hog.Close()
	_, err = hog.WriteAt(make([]byte, 1<<20), 0)
	require.ErrorIs(t, err, vfs.ErrNoSpace)
	if m, err := f.Map(512<<10, vfs.ReadWrite); err == nil {
		for i := range m {
			m[i] = 1
		}
		require.NoError(t, f.Sync(), "reserved room is there for stores although the device is full")
		require.NoError(t, f.Unmap(m))
	}
	_, err = f.WriteAt(make([]byte, 512<<10), 0)
	require.NoError(t, err, "and for calls")

	require.NoError(t, d.Remove("hog"))
	require.NoError(t, hog.Truncate(0))
	_, err = f.Reserve(900 << 10)
	require.NoError(t, err, "the file goes on when there is room again")
}

func TestOSReserveFillsHoles(t *testing.T) {
	d, err := vfs.OS{}.OpenDir(mount(t, "size=1m"))
	require.NoError(t, err)
	defer d.Close()
	f := create(t, d, "sparse", "")
	defer f.Close()
	require.NoError(t, f.Truncate(768<<10))
	_, err = f.Reserve(768 << 10)
	require.NoError(t, err)
	hog, err := d.Create("hog")
	require.NoError(t, err)
	defer hog.Close()
	_, err = hog.Reserve(768 << 10)
	require.ErrorIs(t, err, vfs.ErrNoSpace, "the holes of the first file have taken the room")
	_, err = f.WriteAt(make([]byte, 768<<10), 0)
	require.NoError(t, err)
}

func TestOSReadOnlyDevice(t *testing.T) {
	path := mount(t, "size=1m")
	d, err := vfs.OS{}.OpenDir(path)
	require.NoError(t, err)
	defer d.Close()
	require.NoError(t, syscall.Mount("", path, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""))
	_, err = d.Create("f")
	require.ErrorIs(t, err, fs.ErrPermission)
	require.ErrorIs(t, err, syscall.EROFS, "the cause stays reachable")
	require.ErrorIs(t, vfs.OS{}.MakeDir(filepath.Join(path, "inner")), fs.ErrPermission)
}

func TestOSPlacement(t *testing.T) {
	d, err := vfs.OS{}.OpenDir(mount(t, "size=1m"))
	require.NoError(t, err)
	defer d.Close()
	f := create(t, d, "f", "")
	defer f.Close()
	want := vfs.ByMapping
	if bits.UintSize < 64 {
		want = vfs.ByCall
	}
	for _, n := range []int64{0, 4096, 100} {
		got, err := f.Reserve(n)
		require.NoError(t, err)
		require.Equal(t, want, got, "Reserve(%d)", n)
	}
}

// TestOSLockOfAnotherProcess runs itself: the child finds the lock held, and
// a lock dies with the child that holds it.
func TestOSLockOfAnotherProcess(t *testing.T) {
	if path := os.Getenv("VFS_TEST_LOCK"); path != "" {
		lockAndDie(path)
	}
	path := t.TempDir()
	d := openOS(t, path)
	held, err := d.Lock("LOCK")
	require.NoError(t, err)
	child := func() int {
		c := exec.Command(os.Args[0], "-test.run=^TestOSLockOfAnotherProcess$")
		c.Env = append(os.Environ(), "VFS_TEST_LOCK="+path)
		err := c.Run()
		if errors.Is(err, syscall.ENOEXEC) {
			t.Skip("the kernel cannot run this test binary, so we are emulated: ", err)
		}
		var exit *exec.ExitError
		require.ErrorAs(t, err, &exit)
		return exit.ExitCode()
	}
	require.Equal(t, exitLocked, child(), "while the parent holds it")
	require.NoError(t, held.Close())
	require.Equal(t, -1, child(), "the child took the lock and was killed")
	held, err = d.Lock("LOCK")
	require.NoError(t, err, "after the death of the holder")
	require.NoError(t, held.Close())
}

const exitLocked = 7

func lockAndDie(path string) {
	d, err := vfs.OS{}.OpenDir(path)
	if err != nil {
		os.Exit(1)
	}
	switch _, err := d.Lock("LOCK"); {
	case errors.Is(err, vfs.ErrLocked):
		os.Exit(exitLocked)
	case err != nil:
		os.Exit(1)
	}
	syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}

func TestOSReserveWithoutFallocate(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("ramfs", dir, "ramfs", 0, ""); err != nil {
		t.Skip("cannot mount a ramfs, which has no fallocate: ", err)
	}
	defer syscall.Unmount(dir, syscall.MNT_DETACH)
	d := openOS(t, dir)
	testReserve(t, d)
	f := create(t, d, "g", "head")
	defer f.Close()
	p, err := f.Reserve(200_000)
	require.NoError(t, err)
	require.Equal(t, vfs.ByCall, p)
	info, err := os.Stat(filepath.Join(dir, "g"))
	require.NoError(t, err)
	require.GreaterOrEqual(t, info.Sys().(*syscall.Stat_t).Blocks*512, int64(200_000), "written, not only truncated")
}
