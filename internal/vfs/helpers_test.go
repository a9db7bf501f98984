package vfs_test

import (
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store/internal/vfs"
)

func create(t *testing.T, d vfs.Dir, name, text string) vfs.File {
	t.Helper()
	f, err := d.Create(name)
	require.NoError(t, err)
	n, err := f.WriteAt([]byte(text), 0)
	require.NoError(t, err)
	require.Equal(t, len(text), n)
	return f
}

func size(t *testing.T, f vfs.File) int64 {
	t.Helper()
	n, err := f.Size()
	require.NoError(t, err)
	return n
}

func read(t *testing.T, f vfs.File, off, length int64) string {
	t.Helper()
	b := make([]byte, length)
	n, err := f.ReadAt(b, off)
	if err != io.EOF {
		require.NoError(t, err)
	}
	return string(b[:n])
}

// contents opens a file and reads it all.
func contents(t *testing.T, d vfs.Dir, name string) string {
	t.Helper()
	f, err := d.Open(name, vfs.ReadOnly)
	require.NoError(t, err)
	defer f.Close()
	return read(t, f, 0, size(t, f))
}

// mapped maps a file, or skips the test where there are no mappings.
func mapped(t *testing.T, f vfs.File, length int64, mode vfs.Mode) []byte {
	t.Helper()
	m, err := f.Map(length, mode)
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip("no mappings here: ", err)
	}
	require.NoError(t, err)
	return m
}
