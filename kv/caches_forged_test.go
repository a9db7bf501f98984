package kv

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/cespare/xxhash/v2"
	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store/internal/segment"
)

// forgeIndex returns a saved index that was changed and then given sums that
// are right: what a mistake in this library would look like. change gets the
// whole file and, of its directory, what lies behind the segments: 32 bytes
// for each piece.
func forgeIndex(index []byte, change func(file, pieces []byte)) []byte {
	file := bytes.Clone(index)
	word := func(at uint64) uint64 { return binary.LittleEndian.Uint64(file[at:]) }
	sum := func(at, from, length uint64) {
		if from+length <= uint64(len(file)) {
			binary.LittleEndian.PutUint64(file[at:], xxhash.Sum64(file[from:from+length]))
		}
	}
	directory := word(64)
	pieces := directory + 8 + 48*word(directory)
	change(file, file[pieces:])
	for at := pieces; at < uint64(len(file)); at += 32 {
		sum(at+24, word(at+8), word(at+16))
	}
	sum(80, directory, word(72))
	sum(120, 0, 120)
	return file
}

// TestForgedIndexes: what has right sums and makes no sense may close the
// store, once. It must not panic, say anything wrong, or come back.
func TestForgedIndexes(t *testing.T) {
	m := sampleWithCaches(t, true)
	whole := m.caches[segment.IndexName]
	of := func(change func(entries []byte)) func(file, pieces []byte) {
		return func(file, pieces []byte) {
			for ; len(pieces) > 0; pieces = pieces[32:] {
				if binary.LittleEndian.Uint32(pieces) < 64 { // not the order's
					off, length := binary.LittleEndian.Uint64(pieces[8:]), binary.LittleEndian.Uint64(pieces[16:])
					change(file[off : off+length])
				}
			}
		}
	}
	for name, c := range map[string]struct {
		change func(file, pieces []byte)
		loaded bool
	}{
		"nothing":          {func(file, pieces []byte) {}, true},
		"too many entries": {func(_, pieces []byte) { binary.LittleEndian.PutUint32(pieces[4:], 1<<32-1) }, false},
		"no such part":     {func(_, pieces []byte) { binary.LittleEndian.PutUint32(pieces, 1<<32-1) }, true},
		"no such segment":  {of(func(entries []byte) { entries[0] = 0x7e }), true},
		"no such place":    {of(func(entries []byte) { entries[1] = 0x7f }), true},
		"no such order":    {func(file, pieces []byte) { file[binary.LittleEndian.Uint64(pieces[len(pieces)-24:])] ^= 1 }, true},
	} {
		t.Run(name, func(t *testing.T) {
			d := m.and(m.caches).with(segment.IndexName, forgeIndex(whole, c.change)).disk(t)
			s := mustOpen(t, onDisk(d, m.clock))
			require.Equal(t, c.loaded, s.engine.recovery.IndexLoaded)
			want := m.last(0)
			for key, h := range want {
				got, err := s.Get(key)
				if err == nil {
					require.Equal(t, h.value, string(got))
				} else {
					require.ErrorIs(t, err, ErrStoreClosed)
				}
			}
			if name == "nothing" || !c.loaded {
				require.NoError(t, s.Close())
			} else {
				require.ErrorContains(t, s.Close(), "read the saved index")
			}
			s = mustOpen(t, onDisk(d, m.clock))
			requireHoldings(t, want, s, name)
			require.NoError(t, s.Close())
		})
	}
}
