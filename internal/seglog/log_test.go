package seglog

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store/internal/record"
	"github.com/spcent/plumego/store/internal/vfs"
)

// open opens a log of tiny segments and returns what it replayed, as text.
func open(t *testing.T, dir vfs.Dir, mode vfs.Mode) (*Log, Recovery, []string) {
	t.Helper()
	var seen []string
	l := New(Config{
		Dir: dir, Mode: mode, SegmentSize: 1 << 10,
		Now: func() int64 { return 1 }, NewStore: func() uint64 { return 42 },
	})
	r, err := l.Open(func(at Location, r record.Record) {
		if r.Type == record.Put { // the value may have been left out
			var err error
			r.Value, _, err = l.ReadValue(nil, at, string(r.Key))
			require.NoError(t, err)
		}
		seen = append(seen, fmt.Sprintf("%d %s=%s", r.Seq, r.Key, r.Value))
	})
	require.NoError(t, err)
	return l, r, seen
}

func put(t *testing.T, l *Log, key, value string) Location {
	t.Helper()
	_, at, err := l.Append(record.Header{Type: record.Put, Commit: true}, key, []byte(value))
	require.NoError(t, err)
	return at
}

func newDir(t *testing.T) vfs.Dir {
	t.Helper()
	dir, err := vfs.OS{}.OpenDir(t.TempDir())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, dir.Close()) })
	return dir
}

func TestReplayGivesBackWhatWasAppended(t *testing.T) {
	dir := newDir(t)
	l, r, seen := open(t, dir, vfs.ReadWrite)
	require.Empty(t, seen)
	require.True(t, r.Clean)
	var want []string
	for i := range 100 {
		key, value := fmt.Sprintf("key-%d", i), fmt.Sprintf("value-%d", i)
		at := put(t, l, key, value)
		got, h, err := l.ReadValue(nil, at, key)
		require.NoError(t, err)
		require.Equal(t, value, string(got))
		require.Equal(t, uint64(i+1), h.Seq)
		want = append(want, fmt.Sprintf("%d %s=%s", i+1, key, value))
	}
	require.Greater(t, l.Usage().Segments, 5, "tiny segments rotate")
	require.NoError(t, l.Close())

	for _, mode := range []vfs.Mode{vfs.ReadOnly, vfs.ReadWrite} {
		l, r, seen = open(t, dir, mode)
		require.Equal(t, want, seen)
		require.True(t, r.Clean)
		require.NoError(t, l.Close())
	}
}

func TestRecoveryGoesOnInANewFile(t *testing.T) {
	dir := newDir(t)
	l, _, _ := open(t, dir, vfs.ReadWrite)
	put(t, l, "a", "1")
	put(t, l, "b", "2")
	before, err := dir.List()
	require.NoError(t, err)
	require.NoError(t, l.closeMembers(), "the process dies here")

	l, r, seen := open(t, dir, vfs.ReadWrite)
	require.Equal(t, []string{"1 a=1", "2 b=2"}, seen)
	require.False(t, r.Clean)
	require.Zero(t, r.TornBytes)
	after, err := dir.List()
	require.NoError(t, err)
	require.NotEqual(t, before, after)
	put(t, l, "c", "3")
	require.NoError(t, l.Close())

	l, r, seen = open(t, dir, vfs.ReadWrite)
	require.Equal(t, []string{"1 a=1", "2 b=2", "3 c=3"}, seen)
	require.True(t, r.Clean)
	put(t, l, "d", "4")
	require.NoError(t, l.Close())
	_, _, seen = open(t, dir, vfs.ReadOnly)
	require.Len(t, seen, 4, "a clean log goes on where it ended")
}

func TestARecordLongerThanASegmentHasItsOwn(t *testing.T) {
	dir := newDir(t)
	l, _, _ := open(t, dir, vfs.ReadWrite)
	long := string(make([]byte, 10_000))
	for _, key := range []string{"a", "b"} {
		put(t, l, key, "short")
		at := put(t, l, key, long)
		got, _, err := l.ReadValue(nil, at, key)
		require.NoError(t, err)
		require.Equal(t, long, string(got))
	}
	require.NoError(t, l.Close())
	_, _, seen := open(t, dir, vfs.ReadOnly)
	require.Len(t, seen, 4)
}
