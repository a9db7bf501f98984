// Package record is the layout of one record: pure functions between a
// record and its bytes. It is the same in every segment of format version 1,
// and none of it may change: a new layout is a new version.
//
//	 0        8        12   13   14    16    20    24       32       40
//	┌────────┬────────┬────┬────┬─────┬─────┬─────┬────────┬────────┬─────┬───────┬─────┐
//	│  sum   │  head  │type│flag│ klen│ vlen│synced  seq   │deadline│ key │ value │ pad │
//	└────────┴────────┴────┴────┴─────┴─────┴─────┴────────┴────────┴─────┴───────┴─────┘
//
// Integers are little-endian. The record is padded with zeros to a multiple
// of 8 bytes and lies at an offset that is one, so that a reader who lost
// its place can find the next record by steps of 8.
//
//	sum       xxhash64 of all that follows, pad included, tied to its place
//	head      the low half of xxhash64 of bytes [12, 40), tied to its place
//	type      what the record says; 0 is no type, so zeros never decode
//	flag      bit 0: the last record of its commit group; the rest are zero
//	klen      bytes of key, vlen bytes of value
//	synced    bytes of this segment known to be on stable storage when the
//	          record was written, in units of 8; 0 as long as the segment
//	          before it was not
//	seq       the mutation's place in the store's one order
//	deadline  Unix milliseconds, 0 for none
//
// Both checksums are mixed with the record's Place: store, segment and
// offset. A record that was copied, moved or left over from another file
// does not decode, and whoever chooses values cannot forge one without
// knowing the random store id. The checksum in the head makes lengths
// trustworthy before anything as long as they say is read or allocated.
//
// The synced field is what tells a torn tail from damage (the idea is
// Pebble's): a valid record that promises more bytes than the place where
// reading failed proves that good bytes have gone bad.
package record

import (
	"encoding/binary"
	"errors"

	"github.com/cespare/xxhash/v2"
)

// Type says what a record does.
type Type uint8

// The types. These constants are part of the format and must not change.
const (
	Put       Type = 1 // key has value, until the deadline
	Tombstone Type = 2 // key is absent
	Touch     Type = 3 // key has a new deadline and its old value
	Mark      Type = 4 // the store's time had reached the deadline field
	Seal      Type = 5 // the segment ends here; see package segment
)

// Limits of the format.
const (
	HeaderSize = 40        // bytes before the key
	Align      = 8         // records start at multiples of it
	MaxKey     = 1<<16 - 1 // bytes
	MaxValue   = 1 << 30   // bytes
)

const (
	headStart  = 12 // first byte under the head checksum
	flagCommit = 1
)

// Why bytes do not decode.
var (
	// ErrInvalid says that the bytes are no record of this place.
	ErrInvalid = errors.New("no valid record")
	// ErrShort says that a sound head announces more bytes than there are.
	ErrShort = errors.New("record is cut short")
)

// Header is everything in a record but its key and value.
type Header struct {
	Type     Type
	Commit   bool  // the last record of its commit group
	Synced   int64 // bytes, a multiple of Align
	Seq      uint64
	Deadline int64 // Unix milliseconds; 0: none
}

// Record is a decoded record. Key and Value alias the bytes it was decoded
// from.
type Record struct {
	Header
	Key   []byte
	Value []byte
}

// Size returns the bytes that a record occupies, padding included.
func Size(klen, vlen int) int64 {
	n := int64(HeaderSize) + int64(klen) + int64(vlen)
	return (n + Align - 1) &^ (Align - 1)
}

// Encode writes a record into dst, whose length must be Size(len(key),
// len(value)), for the given place. It writes every byte of dst, the
// checksums last, and keeps no reference to value.
func Encode(dst []byte, at Place, h Header, key string, value []byte) {
	clear(dst[len(dst)-Align:])
	dst[12] = byte(h.Type)
	dst[13] = 0
	if h.Commit {
		dst[13] = flagCommit
	}
	binary.LittleEndian.PutUint16(dst[14:], uint16(len(key)))
	binary.LittleEndian.PutUint32(dst[16:], uint32(len(value)))
	binary.LittleEndian.PutUint32(dst[20:], uint32(h.Synced/Align))
	binary.LittleEndian.PutUint64(dst[24:], h.Seq)
	binary.LittleEndian.PutUint64(dst[32:], uint64(h.Deadline))
	copy(dst[HeaderSize:], key)
	copy(dst[HeaderSize+len(key):], value)
	stamp(dst, at)
}

// Restamp makes src, a valid record of some other place, a record of the
// given place in dst, which must be as long and may be the same bytes. The
// synced field becomes zero: what it promised was about the old place.
func Restamp(dst []byte, at Place, src []byte) {
	copy(dst, src)
	binary.LittleEndian.PutUint32(dst[20:], 0)
	stamp(dst, at)
}

// stamp writes both checksums of the record that fills b.
func stamp(b []byte, at Place) {
	binary.LittleEndian.PutUint32(b[8:], headSum(b, at))
	binary.LittleEndian.PutUint64(b, xxhash.Sum64(b[8:])^at.mix())
}

func headSum(b []byte, at Place) uint32 {
	return uint32(xxhash.Sum64(b[headStart:HeaderSize]) ^ at.mix())
}

// DecodeHeader checks and decodes the first HeaderSize bytes of a record and
// returns the record's whole size and the length of its key. It reads no
// further than the header, so it costs the same for any value.
func DecodeHeader(b []byte, at Place) (h Header, size int64, klen int, err error) {
	if len(b) < HeaderSize {
		return Header{}, 0, 0, ErrShort
	}
	if b[12] == 0 || binary.LittleEndian.Uint32(b[8:]) != headSum(b, at) {
		return Header{}, 0, 0, ErrInvalid
	}
	return header(b)
}

// header returns what the head of a record says, which is known to be sound.
func header(b []byte) (h Header, size int64, klen int, err error) {
	h = Header{
		Type:     Type(b[12]),
		Commit:   b[13]&flagCommit != 0,
		Synced:   int64(binary.LittleEndian.Uint32(b[20:])) * Align,
		Seq:      binary.LittleEndian.Uint64(b[24:]),
		Deadline: int64(binary.LittleEndian.Uint64(b[32:])),
	}
	klen = int(binary.LittleEndian.Uint16(b[14:]))
	vlen := int64(binary.LittleEndian.Uint32(b[16:]))
	if h.Type == 0 || h.Type > Seal || b[13]&^flagCommit != 0 || vlen > MaxValue {
		return Header{}, 0, 0, ErrInvalid
	}
	return h, Size(klen, int(vlen)), klen, nil
}

// Decode checks and decodes the record at the start of b, which may be
// longer than the record. It allocates nothing. ErrShort means that the head
// is sound and the rest lies beyond b; anything else unsound is ErrInvalid.
func Decode(b []byte, at Place) (Record, error) {
	h, size, klen, err := DecodeHeader(b, at)
	if err != nil {
		return Record{}, err
	}
	if int64(len(b)) < size {
		return Record{}, ErrShort
	}
	b = b[:size]
	if Sum(b) != xxhash.Sum64(b[8:])^at.mix() {
		return Record{}, ErrInvalid
	}
	return split(b, h, klen), nil
}

// split returns the record that is b, of which that is the header.
func split(b []byte, h Header, klen int) Record {
	end := HeaderSize + klen + int(binary.LittleEndian.Uint32(b[16:]))
	return Record{
		Header: h,
		Key:    b[HeaderSize : HeaderSize+klen : HeaderSize+klen],
		Value:  b[HeaderSize+klen : end : end],
	}
}

// DecodeKnown is Decode for b that is a record from its first byte to its
// last, as far as the caller knows. It is faster: the checksum of the whole
// stands for the one in the head too.
func DecodeKnown(b []byte, at Place) (Record, error) {
	if len(b) < HeaderSize || Sum(b) != xxhash.Sum64(b[8:])^at.mix() {
		return Decode(b, at) // it says why, or that the record is shorter
	}
	h, size, klen, err := header(b)
	if err != nil || size != int64(len(b)) {
		return Record{}, ErrInvalid
	}
	return split(b, h, klen), nil
}

// Sum returns the stored checksum of the record at the start of b.
func Sum(b []byte) uint64 {
	return binary.LittleEndian.Uint64(b)
}
