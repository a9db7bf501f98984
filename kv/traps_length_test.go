package kv

import (
	"bytes"
	"encoding/binary"
	"runtime"
	"testing"

	"github.com/cespare/xxhash/v2"
	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store/internal/record"
	"github.com/spcent/plumego/store/internal/segment"
)

// TestTrap07HugeLengthsAreNotBelieved gives the last record of a store the
// greatest lengths there are, once as damage and once with a head that
// checks. Opening must not allocate what they say.
func TestTrap07HugeLengthsAreNotBelieved(t *testing.T) {
	for _, closed := range []bool{true, false} {
		for _, noMap := range []bool{true, false} {
			m := newSample(t, closed, noMap)
			data := m.image[m.active]
			raws := recordsOf(data)
			last := raws[len(raws)-1]
			at := placeIn(data)
			at.Offset = int64(bytes.LastIndex(data, last))
			for name, raw := range map[string][]byte{"damage": hugeLengths(last), "forged": restampHead(hugeLengths(last), last)} {
				damaged := bytes.Clone(data)
				copy(damaged[at.Offset:], raw)
				var v verdict
				got := allocated(func() { v = m.judge(t, m.with(m.active, damaged), name) })
				require.Less(t, got, uint64(2<<20), "bytes allocated; %s, closed %v, no mappings %v", name, closed, noMap)
				if closed {
					require.Equal(t, refused, v, name)
				} else {
					require.Equal(t, torn, v, name)
				}
			}
		}
	}
}

// hugeLengths returns a record that says it has the longest key and the
// longest value.
func hugeLengths(raw []byte) []byte {
	raw = bytes.Clone(raw)
	binary.LittleEndian.PutUint16(raw[14:], record.MaxKey)
	binary.LittleEndian.PutUint32(raw[16:], record.MaxValue)
	return raw
}

// restampHead gives raw a head checksum that holds at the place of sound, a
// valid record, whose own checksum betrays what is mixed in.
func restampHead(raw, sound []byte) []byte {
	mix := record.Sum(sound) ^ xxhash.Sum64(sound[8:])
	binary.LittleEndian.PutUint32(raw[8:], uint32(xxhash.Sum64(raw[12:record.HeaderSize])^mix))
	return raw
}

// allocated returns how many bytes fn allocates, roughly.
func allocated(fn func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	fn()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// TestTrap07ZerosBehindTheEnd lets a closed store have room behind its end,
// as a file system that preallocates may leave it, and in a killed one as
// much as there was reserved.
func TestTrap07ZerosBehindTheEnd(t *testing.T) {
	for _, closed := range []bool{true, false} {
		m := newSample(t, closed, false)
		for _, file := range m.names() {
			if !isSegment(file) {
				continue
			}
			for _, n := range []int{1, 7, 8, 512, segment.HeaderSize, 1 << 16} {
				longer := append(bytes.Clone(m.image[file]), make([]byte, n)...)
				require.Equal(t, right, m.judge(t, m.with(file, longer), "zeros behind "+file))
			}
		}
	}
}

// TestTrap07AGapOfZeros zeroes each record in turn but the last: in a closed
// store and in a killed one, every one of them had been promised.
func TestTrap07AGapOfZeros(t *testing.T) {
	for _, closed := range []bool{true, false} {
		m := newSample(t, closed, false)
		for _, file := range m.names() {
			raws := recordsOf(m.image[file])
			if file == m.active && !closed {
				raws = raws[:len(raws)-1]
			}
			for _, raw := range raws {
				gap := bytes.Clone(m.image[file])
				clear(gap[bytes.Index(gap, raw):][:len(raw)])
				require.Equal(t, refused, m.judge(t, m.with(file, gap), "a gap in "+file))
			}
		}
	}
}
