package kv

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store/internal/record"
	"github.com/spcent/plumego/store/internal/segment"
)

// TestOldRecordsAreNeverReplayed appends every valid record of every segment
// to the tail of a killed store, T12: what a block that was written long ago
// would look like if it turned up there.
func TestOldRecordsAreNeverReplayed(t *testing.T) {
	m := newSample(t, false, false)
	data := m.image[m.active]
	end := len(bytes.TrimRight(data, "\x00"))
	end = (end + record.Align - 1) &^ (record.Align - 1)
	var count tally
	n := 0
	for file := range m.versions {
		for _, raw := range recordsOf(m.image[file]) {
			for _, gap := range []int{0, 8, 64} {
				old := append(bytes.Clone(data[:end]), make([]byte, gap)...)
				old = append(old, raw...)
				label := fmt.Sprintf("a record of %s behind the tail of %s, %d bytes on", file, m.active, gap)
				v := m.judge(t, m.image.with(m.active, old), label)
				require.Equal(t, right, v, label)
				count[v]++
				n++
			}
		}
	}
	require.Greater(t, n, 100)
	t.Logf("%d old records: %v", n, count)
}

// recordsOf returns the valid records in the bytes of a segment.
func recordsOf(data []byte) (list [][]byte) {
	if len(data) < segment.HeaderSize || data[0] != 'p' {
		return nil
	}
	at := placeIn(data)
	for at.Offset = segment.HeaderSize; at.Offset < int64(len(data)); {
		rest := data[at.Offset:]
		r, err := record.Decode(rest, at)
		if err != nil {
			return list
		}
		size := record.Size(len(r.Key), len(r.Value))
		list = append(list, rest[:size])
		at.Offset += size
	}
	return list
}

// placeIn returns the place of the first byte of a segment.
func placeIn(data []byte) record.Place {
	return record.Place{
		Store:   binary.LittleEndian.Uint64(data[16:]),
		Segment: binary.LittleEndian.Uint64(data[24:]),
	}
}

// TestForgedRecordsInValues stores values that are, at the very place where
// they will lie, valid records of another key, and then tears off the record
// around them. An attacker who chooses values must know the store's random
// id for that; even then nothing forged may ever be served.
func TestForgedRecordsInValues(t *testing.T) {
	for name, knowsID := range map[string]bool{"whoever guesses": false, "whoever knows the store's id": true} {
		t.Run(name, func(t *testing.T) {
			d := newDisk(t)
			w := newScribe(t, d, newHandClock(), ledger{})
			w.set("victim", "true", time.Hour)
			w.set("other", "value", 0)
			before := imageOf(t, d)
			file := segment.Name(1)
			at := placeIn(before[file])
			if !knowsID {
				at.Store++
			}
			const key = "attacker"
			at.Offset = int64(len(bytes.TrimRight(before[file], "\x00")))
			at.Offset = (at.Offset + 7) &^ 7
			outer := at.Offset
			at.Offset += record.HeaderSize + int64(len(key))
			require.Zero(t, at.Offset%record.Align, "the forged record is aligned")

			w.set(key, string(forged(at)), 0)
			after := imageOf(t, d)
			require.NoError(t, w.s.Close())
			m := &sample{scribe: w, image: after, active: file}
			require.Equal(t, right, m.judge(t, after, "whole"))
			last := int64(len(bytes.TrimRight(after[file], "\x00")))
			for cut := outer + 8; cut < last; cut++ {
				for _, torn := range tears(after[file], outer, cut) {
					label := fmt.Sprintf("torn at %d", cut)
					require.NotEqual(t, lost, m.judge(t, after.with(file, torn), label), label)
				}
			}
		})
	}
}

// forged returns two records for a place: one that claims all before it was
// durable, and one that makes the victim false.
func forged(at record.Place) []byte {
	var b []byte
	for range 2 {
		raw := make([]byte, record.Size(len("victim"), len("false")))
		at := record.Place{Store: at.Store, Segment: at.Segment, Offset: at.Offset + int64(len(b))}
		h := record.Header{Type: record.Put, Commit: true, Seq: 1 << 40, Synced: at.Offset}
		record.Encode(raw, at, h, "victim", []byte("false"))
		b = append(b, raw...)
	}
	return b
}

// tears returns the ways in which a write may have stopped at a byte: the
// rest never came, or only the rest came.
func tears(data []byte, from, cut int64) [][]byte {
	head := bytes.Clone(data)
	clear(head[cut:])
	tail := bytes.Clone(data)
	clear(tail[from:cut])
	return [][]byte{head, tail}
}

// TestAValidRecordInThePlaceOfAnother swaps each record of a closed store for
// one of the same size that is valid at that very place. Only the chain in
// the manifest stands against it.
func TestAValidRecordInThePlaceOfAnother(t *testing.T) {
	m := newSample(t, true, false)
	n := 0
	for _, file := range m.names() {
		data := m.image[file]
		at := placeIn(append(bytes.Clone(data), make([]byte, segment.HeaderSize)...))
		at.Offset = segment.HeaderSize
		for _, raw := range recordsOf(data) {
			r, err := record.Decode(raw, at)
			require.NoError(t, err)
			r.Seq++
			other := bytes.Clone(data)
			record.Encode(other[at.Offset:][:len(raw)], at, r.Header, string(r.Key), r.Value)
			require.Equal(t, refused, m.judge(t, m.with(file, other), fmt.Sprintf("%s at %d", file, at.Offset)))
			at.Offset += int64(len(raw))
			n++
		}
	}
	t.Logf("%d records", n)
}
