package segment

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store/internal/record"
	"github.com/spcent/plumego/store/internal/vfs"
)

const testDir = "/seg"

// rig is a segment on a disk whose bytes can be damaged.
type rig struct {
	t    *testing.T
	disk *vfs.Disk
	dir  vfs.Dir
	c    Config
}

func newRig(t *testing.T, placement vfs.Placement) *rig {
	t.Helper()
	disk := vfs.NewDisk()
	disk.Placement = placement
	require.NoError(t, disk.MakeDir(testDir))
	dir, err := disk.OpenDir(testDir)
	require.NoError(t, err)
	return &rig{t, disk, dir, Config{Dir: dir, Store: 7, ID: 1, Created: 1, Limit: 4096}}
}

// write makes a segment of n records and returns it, open.
func (r *rig) write(n int) *Segment {
	r.t.Helper()
	s, err := Create(r.c)
	require.NoError(r.t, err)
	r.extend(s, n)
	return s
}

func (r *rig) extend(s *Segment, n int) {
	r.t.Helper()
	for i := range n {
		h := record.Header{Type: record.Put, Commit: true, Seq: uint64(i + 1)}
		_, err := s.Append(h, fmt.Sprintf("key-%d", i), []byte("eleven byte"))
		require.NoError(r.t, err)
	}
}

// damage changes the file's bytes.
func (r *rig) damage(change func([]byte) []byte) {
	r.t.Helper()
	b, err := r.disk.ReadFile(testDir, Name(1))
	require.NoError(r.t, err)
	require.NoError(r.t, r.disk.WriteFile(testDir, Name(1), change(b)))
}

// reopen opens the segment for reading.
func (r *rig) reopen() *Segment {
	r.t.Helper()
	s, err := Open(r.c)
	require.NoError(r.t, err)
	return s
}

const testRecord = 56 // bytes of each record that extend writes

// TestTail damages the end of a segment that was being written, in each way
// a crash or a bad sector can, and says what must be concluded.
func TestTail(t *testing.T) {
	at := func(i int) int { return HeaderSize + i*testRecord }
	flip := func(off int) func([]byte) []byte {
		return func(b []byte) []byte { b[off] ^= 1; return b }
	}
	zero := func(from, to int) func([]byte) []byte {
		return func(b []byte) []byte { clear(b[from:to]); return b }
	}
	for _, c := range []struct {
		name    string
		synced  int // records, of ten, that were synced before the others came
		durable int // records below the manifest's bound
		change  func([]byte) []byte
		keep    int // records; -1: corrupt
		torn    int // bytes
	}{
		{"a flip in the last byte", 0, 0, flip(at(10) - 1), 9, testRecord},
		{"room behind the end is zero", 0, 0, zero(at(10), at(10)+8), 10, 0},
		{"last record lost", 0, 0, zero(at(9), at(10)), 9, 0},
		{"half of the last record lost", 0, 0, zero(at(9)+24, at(10)), 9, 21}, // three zeros of the synced field
		{"half a checksum of the last record lost", 0, 0, zero(at(9), at(9)+4), 9, testRecord},
		{"a hole before unsynced records", 0, 0, zero(at(5), at(6)), 5, 5 * testRecord},
		{"a hole before records that promise it was synced", 7, 0, zero(at(5), at(6)), -1, 0},
		{"a flipped key that a later record vouches for", 7, 0, flip(at(5) + record.HeaderSize), -1, 0},
		{"a flipped length that a later record vouches for", 7, 0, flip(at(5) + 16), -1, 0},
		{"a flip in what nobody vouches for", 7, 0, flip(at(8) + record.HeaderSize), 8, 2 * testRecord},
		{"everything lost behind what the manifest vouches for", 0, 5, zero(at(5), at(10)), 5, 0},
		{"a hole below what the manifest vouches for", 0, 5, zero(at(4), at(10)), -1, 0},
		{"garbage behind the end", 0, 0, func(b []byte) []byte { copy(b[at(10):], "garbage"); return b }, 10, 7},
		{"file cut in a record", 0, 0, func(b []byte) []byte { return b[:at(9)+50] }, 9, 50},
		{"file cut in the first record's head", 0, 0, func(b []byte) []byte { return b[:at(0)+13] }, 0, 13},
	} {
		for _, placement := range []vfs.Placement{vfs.ByMapping, vfs.ByCall} {
			t.Run(fmt.Sprintf("%s, placement %d", c.name, placement), func(t *testing.T) {
				r := newRig(t, placement)
				s := r.write(c.synced)
				if c.synced > 0 {
					require.NoError(t, s.Sync())
				}
				r.extend(s, 10-c.synced)
				require.NoError(t, s.Close())
				r.damage(c.change)

				s = r.reopen()
				tail, err := s.ScanTail(int64(at(c.durable)))
				if c.keep < 0 {
					var corrupt *CorruptError
					require.ErrorAs(t, err, &corrupt)
					require.Equal(t, Name(1), corrupt.File)
					return
				}
				require.NoError(t, err)
				end := int64(at(c.keep))
				require.Equal(t, Tail{End: end, Count: int64(c.keep), Cut: end, Torn: int64(c.torn)}, tail)
			})
		}
	}
}

// TestSealedSegmentIsHeldToItsChain damages a sealed segment at every byte.
func TestSealedSegmentIsHeldToItsChain(t *testing.T) {
	r := newRig(t, vfs.ByMapping)
	s := r.write(5)
	require.NoError(t, s.Seal(5))
	require.NoError(t, s.Trim())
	length, chain := s.End(), s.Chain()
	require.NoError(t, s.Close())
	count := func(s *Segment) (n int, err error) {
		err = s.Replay(length, chain, true, func(Found) error { n++; return nil })
		return n, err
	}
	n, err := count(r.reopen())
	require.NoError(t, err)
	require.Equal(t, 5, n, "the seal is no record of the store")

	whole, err := r.disk.ReadFile(testDir, Name(1))
	require.NoError(t, err)
	require.Len(t, whole, int(length), "trimmed")
	for off := range whole {
		r.damage(func([]byte) []byte { b := bytes.Clone(whole); b[off] ^= 0x10; return b })
		s, err := Open(r.c)
		if err == nil {
			_, err = count(s)
		}
		var corrupt *CorruptError
		require.ErrorAs(t, err, &corrupt, "byte %d", off)
	}
	for name, b := range map[string][]byte{
		"cut":                  whole[:length-1],
		"without its seal":     whole[:length-sealSize],
		"extended by a byte":   append(bytes.Clone(whole), 1),
		"with a record behind": append(bytes.Clone(whole), whole[HeaderSize:HeaderSize+testRecord]...),
	} {
		r.damage(func([]byte) []byte { return b })
		_, err := count(r.reopen())
		var corrupt *CorruptError
		require.ErrorAs(t, err, &corrupt, name)
	}
	r.damage(func([]byte) []byte { return append(bytes.Clone(whole), make([]byte, 100)...) })
	_, err = count(r.reopen())
	require.NoError(t, err, "room that could not be given back is only zeros")
}

func TestUnsealedSegmentGoesOn(t *testing.T) {
	for _, placement := range []vfs.Placement{vfs.ByMapping, vfs.ByCall} {
		r := newRig(t, placement)
		s := r.write(3)
		require.NoError(t, s.Seal(3))
		require.NoError(t, s.Unseal())
		r.extend(s, 2)
		require.NoError(t, s.Sync())
		end, chain := s.End(), s.Chain()
		require.NoError(t, s.Close())
		n := 0
		require.NoError(t, r.reopen().Replay(end, chain, false, func(Found) error { n++; return nil }))
		require.Equal(t, 5, n)
	}
}

func TestNames(t *testing.T) {
	require.Equal(t, "00000000000000ff.seg", Name(255))
	for _, id := range []uint64{0, 1, 255, 1<<64 - 1} {
		got, ok := ParseName(Name(id))
		require.True(t, ok)
		require.Equal(t, id, got)
	}
	for _, name := range []string{
		"", ".seg", "MANIFEST", "00000000000000FF.seg", "0000000000000001.seg.bak",
		"000000000000001.seg", "00000000000000001.seg", "+000000000000001.seg", "0000000000000001.SEG",
	} {
		_, ok := ParseName(name)
		require.False(t, ok, "%q", name)
	}
}

// TestHeadroom fills the disk: puts stop first, tombstones go on for a while.
func TestHeadroom(t *testing.T) {
	for _, placement := range []vfs.Placement{vfs.ByMapping, vfs.ByCall} {
		r := newRig(t, placement)
		r.c.Limit = 1 << 20
		s := r.write(0)
		r.disk.SetCapacity(s.Reserved())
		put := record.Header{Type: record.Put, Commit: true}
		var err error
		puts := 0
		for ; err == nil; puts++ {
			_, err = s.Append(put, "key", make([]byte, 1000))
		}
		require.ErrorIs(t, err, vfs.ErrNoSpace)
		deletes := 0
		for err = nil; err == nil; deletes++ {
			_, err = s.Append(record.Header{Type: record.Tombstone, Commit: true}, "key", nil)
		}
		require.ErrorIs(t, err, vfs.ErrNoSpace)
		require.Greater(t, deletes, 1000)
		require.NoError(t, s.Seal(1), "and there is room for the seal")
		t.Logf("%d puts, then %d deletes", puts-1, deletes-1)
	}
}
