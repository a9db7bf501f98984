package seglog

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store/internal/segment"
	"github.com/spcent/plumego/store/internal/vfs"
)

// fillOne appends until a rotation has prepared the next segment.
func fillOne(t *testing.T, l *Log) (prepared string) {
	t.Helper()
	l.prepared = nil
	for i := 0; l.prepared == nil; i++ {
		require.Less(t, i, 100)
		put(t, l, fmt.Sprintf("key-%d", i), "a value")
	}
	require.Equal(t, l.man.Load().next, l.prepared.ID())
	return l.prepared.Name()
}

func names(t *testing.T, dir vfs.Dir) []string {
	t.Helper()
	all, err := dir.List()
	require.NoError(t, err)
	return all
}

func TestARotationTakesThePreparedSegment(t *testing.T) {
	dir := newDir(t)
	l, _, _ := open(t, dir, vfs.ReadWrite)
	prepared := fillOne(t, l)
	require.Contains(t, names(t, dir), prepared)
	for l.active.Name() != prepared {
		put(t, l, "key", "a value")
	}
	require.True(t, l.man.Load().has(l.active.ID()))
	require.NotEqual(t, prepared, l.prepared.Name(), "and has made another")
	last := l.prepared.Name()
	require.NoError(t, l.Close())
	require.NotContains(t, names(t, dir), last, "a closed log has none")
}

func TestAPreparedSegmentThatIsTooSmallIsReplaced(t *testing.T) {
	dir := newDir(t)
	l, _, _ := open(t, dir, vfs.ReadWrite)
	prepared := fillOne(t, l)
	long := string(make([]byte, 10_000))
	at := put(t, l, "long", long)
	require.Equal(t, prepared, l.active.Name(), "the number is the same")
	got, _, err := l.ReadValue(nil, at, "long")
	require.NoError(t, err)
	require.Equal(t, long, string(got))
	require.NoError(t, l.Close())
}

// TestNumbersAreNotGivenTwice has a compaction take a number while a segment
// is prepared that had it.
func TestNumbersAreNotGivenTwice(t *testing.T) {
	dir := newDir(t)
	l, _, _ := open(t, dir, vfs.ReadWrite)
	prepared := fillOne(t, l)
	first, err := l.takeNumbers(2)
	require.NoError(t, err)
	require.Equal(t, prepared, segment.Name(first))
	require.Nil(t, l.prepared)
	require.NotContains(t, names(t, dir), prepared)
	require.NoError(t, l.prepare(1<<10))
	require.Equal(t, first+2, l.prepared.ID())
	require.NoError(t, l.Close())
}

func TestAPreparedSegmentIsAnOrphan(t *testing.T) {
	dir := newDir(t)
	l, _, _ := open(t, dir, vfs.ReadWrite)
	prepared := fillOne(t, l)
	want := l.seq
	l.prepared = nil
	require.NoError(t, l.closeMembers(), "the process dies here")
	require.Contains(t, names(t, dir), prepared)

	_, _, seen := open(t, dir, vfs.ReadOnly)
	require.Len(t, seen, int(want))
	l, r, seen := open(t, dir, vfs.ReadWrite)
	require.Len(t, seen, int(want))
	require.Equal(t, 1, r.Orphans)
	require.Zero(t, r.TornBytes)
	require.NoError(t, l.Close())
}
