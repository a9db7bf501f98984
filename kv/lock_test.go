package kv

import (
	"bufio"
	"context"
	"fmt"
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
		r := mustOpen(t, Options{DataDir: dir, ReadOnly: true})
		requireHoldings(t, ledger{"child": {value: "was here"}}, r, "beside the child")
		require.NoError(t, r.Close())
		require.Empty(t, before.differs(readAll(t, dir)), "nothing was changed")

		require.NoError(t, child.Process.Kill())
		_ = child.Wait() // says that it was killed
		s := mustOpen(t, inDir(dir))
		require.False(t, s.Stats().Recovery.Clean)
		requireHoldings(t, ledger{"child": {value: "was here"}}, s, "after the kill")
		require.NoError(t, s.Close())
	}
}

// TestReadersHinderNobody has readers and a writer come and go, each beside
// the others.
func TestReadersHinderNobody(t *testing.T) {
	dir := t.TempDir()
	writable, readOnly := inDir(dir), Options{DataDir: dir, ReadOnly: true}
	_, err := NewKVStore(readOnly)
	require.ErrorIs(t, err, ErrNotAStore)
	require.Empty(t, readAll(t, dir))

	var readers []*KVStore
	open := func() { readers = append(readers, mustOpen(t, readOnly)) }
	for i := range 4 {
		s := mustOpen(t, writable)
		open()
		require.NoError(t, s.Set("key", []byte{byte(i)}, 0))
		open()
		for range 20 {
			require.NoError(t, s.Set("filler", make([]byte, 300), 0))
		}
		open()
		require.NoError(t, s.Delete("filler"))
		require.NoError(t, s.Compact(context.Background()))
		open()
		requireHoldings(t, ledger{"key": {value: string([]byte{byte(i)})}}, s, "the writer")
		require.NoError(t, s.Close())
		open()
	}
	filler := holding{value: string(make([]byte, 300))}
	for i, r := range readers {
		want := ledger{"key": {value: string([]byte{byte(i / 5)})}}
		switch {
		case i == 0:
			want = ledger{}
		case i%5 == 0:
			want = ledger{"key": {value: string([]byte{byte(i/5 - 1)})}}
		case i%5 == 2:
			want["filler"] = filler
		}
		requireHoldings(t, want, r, fmt.Sprint("reader ", i))
		require.ErrorIs(t, r.Set("key", nil, 0), ErrReadOnly)
		require.NoError(t, r.Sync(), "there is nothing to sync")
		require.NoError(t, r.Close())
	}
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
