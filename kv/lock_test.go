package kv

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// lockDirVariable tells the test binary, run as a child, what to hold open.
const lockDirVariable = "KV_TEST_HOLD_STORE"

// TestHoldStoreForAnotherProcess is no test: it is what a child process does
// for those below. It opens a store, writes, says so, and waits to be killed.
func TestHoldStoreForAnotherProcess(t *testing.T) {
	dir := os.Getenv(lockDirVariable)
	if dir == "" {
		t.Skip("only for a child process of the tests of the lock")
	}
	s := mustOpen(t, inDir(dir))
	require.NoError(t, s.Set("child", []byte("was here"), 0))
	_, err := os.Stdout.WriteString("\nholding\n")
	require.NoError(t, err)
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// holdInChild returns a child process that has the store open.
func holdInChild(t *testing.T, dir string) *exec.Cmd {
	t.Helper()
	child := exec.Command(os.Args[0], "-test.run=^TestHoldStoreForAnotherProcess$")
	child.Env = append(os.Environ(), lockDirVariable+"="+dir)
	_, err := child.StdinPipe()
	require.NoError(t, err)
	out, err := child.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if lines.Text() == "holding" {
			return child
		}
	}
	require.Fail(t, "the child could not open the store")
	return nil
}

// TestLockAgainstAnotherProcess finds the store open in a child, kills the
// child, and finds it free and whole.
func TestLockAgainstAnotherProcess(t *testing.T) {
	dir := t.TempDir()
	for range 3 {
		child := holdInChild(t, dir)
		before := readAll(t, dir)
		_, err := NewKVStore(inDir(dir))
		require.ErrorIs(t, err, ErrLocked)
		_, err = NewKVStore(Options{DataDir: dir, ReadOnly: true})
		require.ErrorIs(t, err, ErrLocked, "also read-only")
		require.Empty(t, before.differs(readAll(t, dir)), "nothing was changed")

		require.NoError(t, child.Process.Kill())
		_ = child.Wait() // says that it was killed
		s := mustOpen(t, inDir(dir))
		require.False(t, s.Stats().Recovery.Clean)
		requireHoldings(t, ledger{"child": {value: "was here"}}, s, "after the kill")
		require.NoError(t, s.Close())
	}
}

// TestReadersShareTheLock opens read-only twice, and not beside a writer.
func TestReadersShareTheLock(t *testing.T) {
	dir := t.TempDir()
	writable, readOnly := inDir(dir), Options{DataDir: dir, ReadOnly: true}
	s := mustOpen(t, writable)
	require.NoError(t, s.Set("key", []byte("value"), 0))
	_, err := NewKVStore(readOnly)
	require.ErrorIs(t, err, ErrLocked, "a reader beside a writer")
	require.NoError(t, s.Close())

	first, second := mustOpen(t, readOnly), mustOpen(t, readOnly)
	_, err = NewKVStore(writable)
	require.ErrorIs(t, err, ErrLocked, "a writer beside readers")
	for _, s := range []*KVStore{first, second} {
		requireHoldings(t, ledger{"key": {value: "value"}}, s, "read-only")
		require.ErrorIs(t, s.Set("key", nil, 0), ErrReadOnly)
		require.NoError(t, s.Sync(), "there is nothing to sync")
	}
	require.NoError(t, first.Close())
	_, err = NewKVStore(writable)
	require.ErrorIs(t, err, ErrLocked, "one reader is still there")
	require.NoError(t, second.Close())
	require.NoError(t, mustOpen(t, writable).Close())
}

// TestLockWhileTheManifestIsReplaced opens again and again while the owner
// rotates and compacts, which replaces the manifest that the opener looks at.
func TestLockWhileTheManifestIsReplaced(t *testing.T) {
	opts := inDir(t.TempDir())
	opts.Sync = SyncNever
	s := mustOpen(t, opts)
	written := make(chan error)
	go func() {
		defer close(written)
		for i := range 600 {
			if err := s.Set(strconv.Itoa(i%10), make([]byte, 300), 0); err != nil {
				written <- err
				return
			}
		}
	}()
	for opens := 0; ; opens++ {
		select {
		case err := <-written:
			require.NoError(t, err)
			require.NoError(t, s.Close())
			t.Logf("%d opens refused", opens)
			return
		default:
			_, err := NewKVStore(opts)
			require.ErrorIs(t, err, ErrLocked)
		}
	}
}

// readAll copies the files of a real directory.
func readAll(t testing.TB, dir string) image {
	t.Helper()
	im := image{}
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		im[e.Name()], err = os.ReadFile(filepath.Join(dir, e.Name()))
		require.NoError(t, err)
	}
	return im
}

// writeAll makes a real directory of an image.
func (im image) writeAll(t testing.TB, dir string) {
	t.Helper()
	for name, data := range im {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), data, 0o600))
	}
}
