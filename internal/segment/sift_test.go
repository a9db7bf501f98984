package segment

import (
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store/internal/record"
	"github.com/spcent/plumego/store/internal/vfs"
)

// sift returns the seqs and the gaps of the rig's file.
func (r *rig) sift() (seqs []uint64, gaps []Gap, end Sifted) {
	r.t.Helper()
	m, err := OpenRemains(r.dir, Name(1))
	require.NoError(r.t, err)
	m.BelongTo(7, 1)
	end, err = m.Sift(math.MaxInt64, func(f Found) error {
		seqs = append(seqs, f.Seq)
		return nil
	}, func(g Gap) error {
		gaps = append(gaps, g)
		return nil
	})
	require.NoError(r.t, err)
	require.NoError(r.t, m.Close())
	return seqs, gaps, end
}

// sealed makes a sealed segment of four records, of 56 bytes each.
func sealedRig(t *testing.T) *rig {
	r := newRig(t, vfs.ByCall)
	s := r.write(4)
	require.NoError(t, s.Seal(4))
	require.NoError(t, s.Trim())
	require.NoError(t, s.Close())
	return r
}

func TestSiftPastDamage(t *testing.T) {
	const second = HeaderSize + 56 // offset of the second record
	for _, tt := range []struct {
		name   string
		change func(b []byte) []byte
		seqs   []uint64
		reason string
		known  bool
		length int64
	}{
		{"a bit of a value", func(b []byte) []byte { b[second+48] ^= 1; return b }, []uint64{1, 3, 4, 4}, "record fails its checksum", true, 56},
		{"a bit of a key", func(b []byte) []byte { b[second+40] ^= 1; return b }, []uint64{1, 3, 4, 4}, "record fails its checksum", true, 56},
		{"a bit of a head", func(b []byte) []byte { b[second+25] ^= 1; return b }, []uint64{1, 3, 4, 4}, "no valid record", false, 56},
		{"a zeroed record", func(b []byte) []byte { clear(b[second:][:56]); return b }, []uint64{1, 3, 4, 4}, "zeros where records were", false, 56},
		{"zeros over two records", func(b []byte) []byte { clear(b[second+50:][:20]); return b }, []uint64{1, 4, 4}, "no valid record", false, 112},
		{"cut in a record", func(b []byte) []byte { return b[:second+50] }, []uint64{1}, "no valid record", false, 50},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := sealedRig(t)
			r.damage(tt.change)
			seqs, gaps, _ := r.sift()
			require.Equal(t, tt.seqs, seqs)
			require.Len(t, gaps, 1)
			require.Equal(t, int64(second), gaps[0].Offset)
			require.Equal(t, tt.length, gaps[0].Length)
			require.Equal(t, tt.reason, gaps[0].Reason())
			require.Equal(t, tt.known, gaps[0].Known())
			if tt.known {
				require.Equal(t, uint64(2), gaps[0].Broken[0].Seq)
				require.Equal(t, record.Put, gaps[0].Broken[0].Type)
				require.Equal(t, len("key-1"), gaps[0].Broken[0].KeyLen)
			}
		})
	}
}

func TestSiftOfWhatIsWhole(t *testing.T) {
	seqs, gaps, end := sealedRig(t).sift()
	require.Equal(t, []uint64{1, 2, 3, 4, 4}, seqs)
	require.Empty(t, gaps)
	require.True(t, end.Sealed)

	r := newRig(t, vfs.ByCall)
	require.NoError(t, r.write(2).Close())
	seqs, gaps, end = r.sift()
	require.Equal(t, []uint64{1, 2}, seqs)
	require.Len(t, gaps, 1, "the room behind the last record")
	require.True(t, gaps[0].AtEnd)
	require.Zero(t, gaps[0].Used)
	require.Equal(t, gaps[0].Offset, end.End)
}

// TestSiftAroundADeadDevice has the device fail wherever a read covers one
// byte. Only the record in the same 4 KiB may be lost.
func TestSiftAroundADeadDevice(t *testing.T) {
	r := newRig(t, vfs.ByCall)
	r.c.Limit = 1 << 20
	s := r.write(300)
	require.NoError(t, s.Trim())
	require.NoError(t, s.Close())
	const bad = 9000
	r.disk.SetHook(func(op vfs.Op) error {
		if op.Kind == vfs.OpRead && op.Offset <= bad && bad < op.Offset+op.Length {
			return errors.New("input/output error")
		}
		return nil
	})
	seqs, gaps, _ := r.sift()
	require.Len(t, gaps, 1)
	require.True(t, gaps[0].Unread)
	require.Equal(t, "the device could not read it", gaps[0].Reason())
	require.Less(t, gaps[0].Length, int64(2*piece), fmt.Sprint(gaps[0]))
	require.Greater(t, len(seqs), 200)
}
