package cache

import "encoding/binary"

// A record is a key and its value as they lie in a log:
//
//	+------------------------------+--------------+-------------+-----+-------+
//	| key length <<2 | flags       | value length | deadline    | key | value |
//	| uvarint                      | uvarint      | 6, if timed |     |       |
//	+------------------------------+--------------+-------------+-----+-------+
//
// The deadline is in Unix milliseconds, little endian. Nothing of it outlives
// the process.
type record struct {
	pos      uint32 // of its first byte
	header   int    // bytes
	key      int    // bytes
	value    int    // bytes
	deadline int64  // Unix milliseconds; 0: none
	negative bool   // it says that there is nothing to load
}

const (
	flagTimed    = 1 // the record has a deadline
	flagNegative = 2 // see record.negative
	flagBits     = 2
	maxHeader    = 3 + 5 + deadlineBytes

	deadlineBytes = 6
	maxDeadline   = 1<<(8*deadlineBytes) - 1
)

func (r record) size() int { return r.header + r.key + r.value }

// keyPos returns where the key begins, as a distance from the record's place.
func (r record) keyPos() int { return r.header }

func (r record) valuePos() int { return r.header + r.key }

// expired reports whether the record's deadline has come. The clock is read
// only if there is one.
func (r record) expired(c *clock) bool {
	return r.deadline != 0 && c.millis() >= r.deadline
}

// appendHeader appends the header of a record to dst. flags may be flagNegative.
func appendHeader(dst []byte, key, value int, deadline int64, flags uint64) []byte {
	if deadline != 0 {
		flags |= flagTimed
	}
	dst = binary.AppendUvarint(dst, uint64(key)<<flagBits|flags)
	dst = binary.AppendUvarint(dst, uint64(value))
	if deadline != 0 {
		for i := range deadlineBytes {
			dst = append(dst, byte(deadline>>(8*i)))
		}
	}
	return dst
}

// parseHeader reads a header from the front of b, which has maxHeader bytes
// or ends with the log.
func parseHeader(pos uint32, b []byte) record {
	key, n := uvarint(b)
	value, m := uvarint(b[n:])
	r := record{pos: pos, header: n + m, key: int(key >> flagBits), value: int(value), negative: key&flagNegative != 0}
	if key&flagTimed != 0 {
		r.deadline = parseDeadline(b[r.header:])
		r.header += deadlineBytes
	}
	return r
}

func parseDeadline(b []byte) (deadline int64) {
	for i := range deadlineBytes {
		deadline |= int64(b[i]) << (8 * i)
	}
	return deadline
}

// uvarint is binary.Uvarint, quick for numbers of two bytes, which lengths
// mostly are.
func uvarint(b []byte) (uint64, int) {
	switch {
	case b[0] < 1<<7:
		return uint64(b[0]), 1
	case b[1] < 1<<7:
		return uint64(b[0]&(1<<7-1)) | uint64(b[1])<<7, 2
	}
	return binary.Uvarint(b)
}
