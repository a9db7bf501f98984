package segment

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store/internal/record"

	"github.com/spcent/plumego/store/internal/vfs"
)

// TestARecordIsCompletedBetweenTwoLooks reads a tail in which the sixth record
// of ten does not decode, and a later one proves that it was durable. That is
// damage, unless it decodes at the second look: then the writer has got on.
func TestARecordIsCompletedBetweenTwoLooks(t *testing.T) {
	const at = HeaderSize + 5*testRecord
	// The reads are the walk, the search for a voucher, the second look.
	for read, keep := range []int{10, 5, 5, -1, -1} {
		r := newRig(t, vfs.ByCall)
		r.disk.NoMap = true
		s := r.write(7)
		require.NoError(t, s.Sync())
		r.extend(s, 3)
		require.NoError(t, s.Close())
		sum := make([]byte, 8)
		r.damage(func(b []byte) []byte {
			copy(sum, b[at:])
			clear(b[at : at+8])
			return b
		})
		other, err := r.dir.Open(Name(1), vfs.ReadWrite)
		require.NoError(t, err)

		s = r.reopen()
		reads := 0
		r.disk.SetHook(func(op vfs.Op) error {
			if op.Kind == vfs.OpRead {
				if reads++; reads == read+1 {
					_, err := other.WriteAt(sum, at)
					return err
				}
			}
			return nil
		})
		tail, err := s.ScanTail(0)
		r.disk.SetHook(nil)
		if keep < 0 {
			var corrupt *CorruptError
			require.ErrorAs(t, err, &corrupt, "completed at read %d", read+1)
			require.Equal(t, int64(at), corrupt.Offset)
		} else {
			require.NoError(t, err, "completed at read %d", read+1)
			end := int64(HeaderSize + keep*testRecord)
			require.Equal(t, Tail{End: end, Count: int64(keep), Cut: end}, tail, "what came meanwhile is not torn")
		}
		require.NoError(t, s.Close())
		require.NoError(t, other.Close())
	}
}

// TestASealBehindTheEnd is taken in only when that is asked for.
func TestASealBehindTheEnd(t *testing.T) {
	for _, sealed := range []bool{false, true} {
		r := newRig(t, vfs.ByMapping)
		w := r.write(3)
		if sealed {
			require.NoError(t, w.Seal(3))
		}
		s := r.reopen()
		tail, err := s.ScanTail(0)
		require.NoError(t, err)
		require.Equal(t, sealed, tail.Sealed)
		require.Equal(t, tail.End, s.End())
		require.False(t, s.Sealed())
		require.NoError(t, s.AdoptSeal())
		require.Equal(t, sealed, s.Sealed())
		require.Equal(t, w.End(), s.End())
		require.Equal(t, w.Chain(), s.Chain())
		require.Equal(t, w.Count(), s.Count())
		require.NoError(t, s.Close())
		require.NoError(t, w.Close())
	}
}

// TestARecordThatEndsInNewRoom lies across the end that the file had when the
// reader opened it. It is not in the tail, and not torn.
func TestARecordThatEndsInNewRoom(t *testing.T) {
	r := newRig(t, vfs.ByCall)
	r.disk.NoMap = true
	r.c.Limit = 1 << 20
	w := r.write(3)
	end, small := w.End(), w.Reserved()
	s := r.reopen()
	_, err := w.Append(record.Header{Type: record.Put, Commit: true, Seq: 4}, "long", bytes.Repeat([]byte("v"), int(small)))
	require.NoError(t, err)
	require.Greater(t, w.Reserved(), small)
	tail, err := s.ScanTail(0)
	require.NoError(t, err)
	require.Equal(t, Tail{End: end, Count: 3, Cut: end}, tail)
	require.NoError(t, s.Close())
	require.NoError(t, w.Close())
}

// TestATailThatWasTrimmed is read by somebody who opened it before: in a
// mapping, what is gone from the file must not be touched.
func TestATailThatWasTrimmed(t *testing.T) {
	dir, err := vfs.OS{}.OpenDir(t.TempDir())
	require.NoError(t, err)
	defer dir.Close()
	r := &rig{t: t, dir: dir, c: Config{Dir: dir, Store: 7, ID: 1, Created: 1, Limit: 1 << 20}}
	w := r.write(10)
	s, again := r.reopen(), r.reopen()
	require.NoError(t, w.Seal(10))
	require.NoError(t, w.Trim())
	_, err = s.ScanTail(0)
	require.Error(t, err, "it has become shorter")
	require.NoError(t, again.Remeasure())
	tail, err := again.ScanTail(0)
	require.NoError(t, err)
	require.Equal(t, Tail{End: HeaderSize + 10*testRecord, Count: 10, Sealed: true, Cut: w.End()}, tail)
	for _, s := range []*Segment{s, again, w} {
		require.NoError(t, s.Close())
	}
}
