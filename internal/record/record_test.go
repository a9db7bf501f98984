package record_test

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store/internal/record"
)

// encode returns the bytes of a record with whatever lay there before.
func encode(at record.Place, h record.Header, key string, value []byte) []byte {
	b := bytes.Repeat([]byte{0xA5}, int(record.Size(len(key), len(value))))
	record.Encode(b, at, h, key, value)
	return b
}

// TestCodecBounds round-trips every field at its bounds, T01.
func TestCodecBounds(t *testing.T) {
	types := []record.Type{record.Put, record.Tombstone, record.Touch, record.Mark, record.Seal}
	synced := []int64{0, record.Align, math.MaxUint32 * record.Align}
	seqs := []uint64{0, 1, math.MaxUint64 - 1, math.MaxUint64}
	deadlines := []int64{0, 1, -1, math.MaxInt64, math.MinInt64}
	lengths := []int{0, 1, 7, 8, 9, record.MaxKey - 1, record.MaxKey}
	n := 0
	for _, klen := range lengths {
		for _, vlen := range append(lengths, 1<<20) {
			key, value := string(bytes.Repeat([]byte("k"), klen)), bytes.Repeat([]byte{0}, vlen)
			for i := range 5 {
				h := record.Header{types[i], i%2 == 0, synced[i%3], seqs[i%4], deadlines[i]}
				roundTrip(t, record.Place{Store: math.MaxUint64, Segment: uint64(i), Offset: int64(i) * 8}, h, key, value)
				n++
			}
		}
	}
	t.Logf("%d round trips at the bounds", n)
}

// TestCodecRandom round-trips random records and shows each to wrong places.
func TestCodecRandom(t *testing.T) {
	const cases = 20_000
	seed := uint64(1)
	rng := rand.New(rand.NewPCG(seed, 0))
	for range cases {
		key := make([]byte, rng.IntN(64))
		value := make([]byte, rng.IntN(512))
		for _, b := range [][]byte{key, value} {
			for i := range b {
				b[i] = byte(rng.Uint32())
			}
		}
		h := record.Header{
			Type: record.Type(1 + rng.IntN(5)), Commit: rng.IntN(2) == 0,
			Synced: int64(rng.Uint32()) * record.Align, Seq: rng.Uint64(), Deadline: int64(rng.Uint64()),
		}
		at := record.Place{Store: rng.Uint64(), Segment: rng.Uint64(), Offset: rng.Int64() &^ 7}
		roundTrip(t, at, h, string(key), value)
	}
	t.Logf("%d random round trips, seed %d", cases, seed)
}

func roundTrip(t *testing.T, at record.Place, h record.Header, key string, value []byte) {
	t.Helper()
	b := encode(at, h, key, value)
	got, err := record.Decode(b, at)
	require.NoError(t, err)
	require.Equal(t, h, got.Header)
	require.Equal(t, key, string(got.Key))
	require.True(t, bytes.Equal(value, got.Value))
	known, err := record.DecodeKnown(b, at)
	require.NoError(t, err)
	require.Equal(t, got, known)
	known, err = record.DecodeKnown(append(bytes.Clone(b), 1, 2, 3), at)
	require.NoError(t, err, "a record that is shorter than was thought")
	require.Equal(t, got, known)

	for _, wrong := range []record.Place{
		{Store: at.Store + 1, Segment: at.Segment, Offset: at.Offset},
		{Store: at.Store, Segment: at.Segment + 1, Offset: at.Offset},
		{Store: at.Store, Segment: at.Segment, Offset: at.Offset + 8},
	} {
		_, err := record.Decode(b, wrong)
		require.ErrorIs(t, err, record.ErrInvalid, "a record must not decode at another place")
		_, err = record.DecodeKnown(b, wrong)
		require.ErrorIs(t, err, record.ErrInvalid, "nor one of known length")
	}

	moved := make([]byte, len(b))
	there := record.Place{Store: at.Store, Segment: at.Segment + 9, Offset: at.Offset + 64}
	record.Restamp(moved, there, b)
	again, err := record.Decode(moved, there)
	require.NoError(t, err)
	h.Synced = 0
	require.Equal(t, h, again.Header, "restamping forgets what was synced elsewhere, and nothing else")
}

// TestEveryBitMatters flips each bit of a record.
func TestEveryBitMatters(t *testing.T) {
	at := record.Place{Store: 7, Segment: 3, Offset: 64}
	b := encode(at, record.Header{Type: record.Put, Commit: true, Seq: 5, Deadline: 12345}, "key", []byte("value"))
	for bit := range len(b) * 8 {
		b[bit/8] ^= 1 << (bit % 8)
		_, err := record.Decode(b, at)
		require.Error(t, err, "bit %d", bit)
		_, err = record.DecodeKnown(b, at)
		require.Error(t, err, "bit %d of a record of known length", bit)
		b[bit/8] ^= 1 << (bit % 8)
	}
	t.Logf("%d bits", len(b)*8)
}

func TestCutShort(t *testing.T) {
	at := record.Place{Store: 7, Segment: 3, Offset: 64}
	b := encode(at, record.Header{Type: record.Put, Commit: true}, "key", make([]byte, 100))
	for n := range b {
		t.Run(fmt.Sprintf("%d of %d bytes", n, len(b)), func(t *testing.T) {
			_, err := record.Decode(b[:n], at)
			require.ErrorIs(t, err, record.ErrShort)
			_, err = record.DecodeKnown(b[:n], at)
			require.ErrorIs(t, err, record.ErrShort)
		})
	}
}

// TestZerosAreNoRecord holds preallocated room to be empty.
func TestZerosAreNoRecord(t *testing.T) {
	_, err := record.Decode(make([]byte, 4096), record.Place{})
	require.ErrorIs(t, err, record.ErrInvalid)
}

// TestHugeLengthIsCheap gives every length field its greatest value: trap 7.
func TestHugeLengthIsCheap(t *testing.T) {
	at := record.Place{Offset: 64}
	b := encode(at, record.Header{Type: record.Put, Commit: true}, "key", []byte("value"))
	for i := 14; i < 20; i++ {
		b[i] = 0xff
	}
	allocs := testing.AllocsPerRun(10, func() {
		if _, err := record.Decode(b, at); err == nil {
			t.Fatal("a forged length decoded")
		}
	})
	require.Zero(t, allocs)
}

func FuzzRecord(f *testing.F) {
	at := record.Place{Store: 1, Segment: 2, Offset: 64}
	f.Add(encode(at, record.Header{Type: record.Put, Commit: true, Seq: 1}, "key", []byte("value")))
	f.Add(encode(at, record.Header{Type: record.Tombstone}, "k", nil))
	f.Add(make([]byte, 64))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := record.Decode(b, at)
		if err != nil {
			return
		}
		size := record.Size(len(r.Key), len(r.Value))
		again := encode(at, r.Header, string(r.Key), r.Value)
		if !bytes.Equal(again, b[:size]) {
			t.Fatalf("decoded bytes encode differently:\n%x\n%x", b[:size], again)
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	value := make([]byte, 256)
	key := "session:0123456789abcdef0123456789abcdef"
	dst := make([]byte, record.Size(len(key), len(value)))
	for b.Loop() {
		record.Encode(dst, record.Place{Store: 1, Segment: 2, Offset: 64}, record.Header{Type: record.Put, Commit: true, Seq: 9}, key, value)
	}
}

func BenchmarkDecode(b *testing.B) {
	value := make([]byte, 256)
	at := record.Place{Store: 1, Segment: 2, Offset: 64}
	src := encode(at, record.Header{Type: record.Put, Commit: true, Seq: 9}, "session:0123456789abcdef0123456789abcdef", value)
	for b.Loop() {
		if _, err := record.Decode(src, at); err != nil {
			b.Fatal(err)
		}
	}
}
