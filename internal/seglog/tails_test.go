package seglog

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store/internal/record"
	"github.com/spcent/plumego/store/internal/segment"
	"github.com/spcent/plumego/store/internal/vfs"
)

// killedBetween leaves a log in path that died when it had filled a segment
// of two records and begun another with two more. What was left to do for
// the full one was not done, but it was synced if the caller says so.
func killedBetween(t *testing.T, path string, synced bool) vfs.Dir {
	t.Helper()
	dir, err := vfs.OS{}.OpenDir(path)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, dir.Close()) })
	l, _, _ := open(t, dir, vfs.ReadWrite)
	l.Behind = func(func() error) {}
	for _, key := range []string{"a", "b", "c", "d"} {
		put(t, l, key, strings.Repeat(key, 400))
		if synced {
			require.NoError(t, l.Sync(l.Cut()))
		}
	}
	require.Equal(t, 2, l.Usage().Segments)
	require.NoError(t, l.closeMembers())
	return dir
}

// zero overwrites what a file has behind its first n bytes.
func zero(t *testing.T, file string, n int64) {
	t.Helper()
	b, err := os.ReadFile(file)
	require.NoError(t, err)
	clear(b[n:])
	require.NoError(t, os.WriteFile(file, b, 0o600))
}

// keys returns the keys of what open says it has seen.
func keys(seen []string) (s string) {
	for _, line := range seen {
		_, rest, _ := strings.Cut(line, " ")
		s += rest[:1]
	}
	return s
}

// firstTwo is where the seal of the full segment lies.
func firstTwo() int64 { return segment.HeaderSize + 2*record.Size(1, 400) }

func TestBothTailsAreSaved(t *testing.T) {
	for _, synced := range []bool{false, true} {
		dir := killedBetween(t, t.TempDir(), synced)
		for range 2 {
			l, r, seen := open(t, dir, vfs.ReadOnly)
			require.Equal(t, "abcd", keys(seen))
			require.False(t, r.Clean)
			require.NoError(t, l.Close())
		}
		l, r, seen := open(t, dir, vfs.ReadWrite)
		require.Equal(t, "abcd", keys(seen))
		require.Zero(t, r.TornBytes)
		names, err := dir.List()
		require.NoError(t, err)
		require.ElementsMatch(t, []string{segment.ManifestName, segment.Name(3), segment.Name(4)}, names)
		put(t, l, "e", "on")
		require.NoError(t, l.Close())
		l, r, seen = open(t, dir, vfs.ReadOnly)
		require.Equal(t, "abcde", keys(seen))
		require.True(t, r.Clean)
		require.NoError(t, l.Close())
	}
}

func TestRecordsBehindATornSegmentAreLost(t *testing.T) {
	for cut, want := range map[int64]string{firstTwo(): "ab", firstTwo() - 100: "a", segment.HeaderSize: ""} {
		path := t.TempDir()
		dir := killedBetween(t, path, false)
		zero(t, filepath.Join(path, segment.Name(1)), cut)
		for _, mode := range []vfs.Mode{vfs.ReadOnly, vfs.ReadWrite} {
			l, r, seen := open(t, dir, mode)
			require.Equal(t, want, keys(seen))
			require.NotZero(t, r.TornBytes)
			require.Equal(t, segment.Name(2), strings.Replace(r.TornFile, segment.Name(1), segment.Name(2), 1))
			require.NoError(t, l.Close())
		}
		l, r, seen := open(t, dir, vfs.ReadWrite)
		require.Equal(t, want, keys(seen))
		require.True(t, r.Clean)
		put(t, l, "e", "on")
		require.NoError(t, l.Close())
		l, _, seen = open(t, dir, vfs.ReadOnly)
		require.Equal(t, want+"e", keys(seen))
		require.NoError(t, l.Close())
	}
}

// TestASegmentThatTheNextVouchesForIsDamaged cuts a full segment that was
// durable: records in the next say so.
func TestASegmentThatTheNextVouchesForIsDamaged(t *testing.T) {
	for _, cut := range []int64{firstTwo(), firstTwo() - 100, segment.HeaderSize} {
		path := t.TempDir()
		dir := killedBetween(t, path, true)
		zero(t, filepath.Join(path, segment.Name(1)), cut)
		l := New(Config{Dir: dir, SegmentSize: 1 << 10})
		_, err := l.Open(func(Location, record.Record) {})
		var corrupt *segment.CorruptError
		require.ErrorAs(t, err, &corrupt)
		require.Equal(t, segment.Name(1), corrupt.File)
	}
}
