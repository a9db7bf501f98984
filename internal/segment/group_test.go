package segment

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store/internal/record"
	"github.com/spcent/plumego/store/internal/vfs"
)

// groupOf returns a group of n records whose seqs begin at 1.
func groupOf(n int) []Draft {
	var group []Draft
	for i := range n {
		group = append(group, Draft{
			Header: record.Header{Type: record.Put, Seq: uint64(i + 1)},
			Key:    fmt.Sprintf("key-%d", i), Value: []byte("eleven byte"),
		})
	}
	return group
}

// TestGroupIsWholeOrCut cuts a segment behind each byte of a group of five that
// follows a record of its own.
func TestGroupIsWholeOrCut(t *testing.T) {
	for _, placement := range []vfs.Placement{vfs.ByMapping, vfs.ByCall} {
		end := HeaderSize + 6*testRecord
		for cut := HeaderSize + testRecord; cut <= end; cut++ {
			r := newRig(t, placement)
			s := r.write(1)
			group := groupOf(5)
			require.NoError(t, s.AppendGroup(group))
			for i, d := range group {
				require.EqualValues(t, HeaderSize+(i+1)*testRecord, d.Offset)
				require.Equal(t, i == 4, d.Commit)
			}
			require.NoError(t, s.Close())
			r.damage(func(b []byte) []byte { return b[:cut] })

			s = r.reopen()
			tail, err := s.ScanTail(HeaderSize)
			require.NoError(t, err)
			want := int64(1)
			if cut == end {
				want = 6
			}
			require.Equal(t, want, tail.Count, "cut at %d", cut)
			require.NoError(t, s.Close())
		}
	}
}

// TestGroupCountsInTheChain seals a segment with a group in it and replays it.
func TestGroupCountsInTheChain(t *testing.T) {
	for _, placement := range []vfs.Placement{vfs.ByMapping, vfs.ByCall} {
		r := newRig(t, placement)
		s := r.write(2)
		require.NoError(t, s.AppendGroup(groupOf(3)))
		require.NoError(t, s.Seal(3))
		end, chain := s.End(), s.Chain()
		require.NoError(t, s.Trim())
		require.NoError(t, s.Close())

		s = r.reopen()
		n := 0
		require.NoError(t, s.Replay(end, chain, true, func(Found) error { n++; return nil }))
		require.Equal(t, 5, n)
		require.NoError(t, s.Close())
	}
}

// TestFailedGroupIsGone fails the write of a group behind each of its bytes.
// What was written is erased, and gone from the disk before anything follows.
func TestFailedGroupIsGone(t *testing.T) {
	broken := errors.New("broken")
	size := int(GroupSize(groupOf(3)))
	for n := range size {
		r := newRig(t, vfs.ByCall)
		s := r.write(1)
		before := tally{s.chain, s.count}
		var kinds []vfs.OpKind
		r.disk.SetHook(func(op vfs.Op) error {
			kinds = append(kinds, op.Kind)
			if len(kinds) == 1 {
				return &vfs.PartialWrite{N: n, Err: broken}
			}
			return nil
		})
		require.ErrorIs(t, s.AppendGroup(groupOf(3)), broken)
		require.Equal(t, []vfs.OpKind{vfs.OpWrite, vfs.OpWrite, vfs.OpFileSync}, kinds)
		require.Equal(t, before, tally{s.chain, s.count})
		r.disk.SetHook(nil)

		r.extend(s, 1)
		require.NoError(t, s.Close())
		s = r.reopen()
		tail, err := s.ScanTail(HeaderSize)
		require.NoError(t, err)
		require.Equal(t, Tail{End: HeaderSize + 2*testRecord, Count: 2, Cut: HeaderSize + 2*testRecord}, tail)
		require.NoError(t, s.Close())
	}
}

// TestGroupNeedsAllItsRoom appends a group to a disk that has room for its
// beginning only.
func TestGroupNeedsAllItsRoom(t *testing.T) {
	for _, placement := range []vfs.Placement{vfs.ByMapping, vfs.ByCall} {
		r := newRig(t, placement)
		r.c.Limit = 1 << 20
		s := r.write(1)
		size, err := s.file.Size()
		require.NoError(t, err)
		r.disk.SetCapacity(size)
		group := groupOf(3)
		group[2].Value = make([]byte, 512<<10)
		require.ErrorIs(t, s.AppendGroup(group), vfs.ErrNoSpace)
		require.EqualValues(t, HeaderSize+testRecord, s.End())
		require.NoError(t, s.AppendGroup(groupOf(3)), "a smaller one fits")
		require.NoError(t, s.Close())
	}
}
