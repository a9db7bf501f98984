package idempotency

import (
	"encoding/binary"
	"math"
	"time"
)

// A record is stored as follows. Numbers are big-endian; a time is seconds
// since 1970 (8 bytes, signed) and nanoseconds (4); a text is its length (4)
// and its bytes. Response comes last, and a length of all ones means nil. The
// key is that of the entry and the expiry its deadline. A token of 0 stands
// for the version of the entry itself: who writes it cannot know it yet.
//
//	+---------+--------+-------+-------+-----------+
//	| version | status | flags | token | retention |
//	|    1    |   1    |   1   |   8   |     8     |
//	+---------+--------+-------+-------+-----------+
//	| created | lease until | completed |
//	|   12    |     12      |    12     |
//	+---------+-------------+-----------+
//	| fingerprint | err code | err text | response |
//	|   4 + n     |  4 + n   |  4 + n   |  4 + n   |
//	+-------------+----------+----------+----------+
//
// These numbers are on disks and must not change.
const (
	codecVersion = 1
	headerSize   = 3 + 8 + 8 + 3*12

	flagAtMostOnce = 1 << 0
	flagTakenOver  = 1 << 1
	flagsKnown     = flagAtMostOnce | flagTakenOver

	nilLength = math.MaxUint32
)

// encode returns the record's bytes, without its key and expiry.
func encode(r Record) []byte {
	b := make([]byte, 0, headerSize+4*4+len(r.Fingerprint)+len(r.ErrCode)+len(r.ErrText)+len(r.Response))
	b = append(b, codecVersion, byte(r.Status), flags(r))
	b = binary.BigEndian.AppendUint64(b, r.Token)
	b = binary.BigEndian.AppendUint64(b, uint64(r.Retention))
	b = appendTime(b, r.CreatedAt)
	b = appendTime(b, r.LeaseUntil)
	b = appendTime(b, r.CompletedAt)
	b = appendText(b, r.Fingerprint)
	b = appendText(b, r.ErrCode)
	b = appendText(b, r.ErrText)
	if r.Response == nil {
		return binary.BigEndian.AppendUint32(b, nilLength)
	}
	return appendText(b, r.Response)
}

func flags(r Record) (f byte) {
	if r.AtMostOnce {
		f |= flagAtMostOnce
	}
	if r.TakenOver {
		f |= flagTakenOver
	}
	return f
}

func appendTime(b []byte, t time.Time) []byte {
	b = binary.BigEndian.AppendUint64(b, uint64(t.Unix()))
	return binary.BigEndian.AppendUint32(b, uint32(t.Nanosecond()))
}

func appendText[T string | []byte](b []byte, s T) []byte {
	return append(binary.BigEndian.AppendUint32(b, uint32(len(s))), s...)
}

// decode is encode backwards: it takes what encode returns for a record of a
// known status and a possible retention, and everything else is ErrCorrupt.
// The record's Response is part of b.
func decode(b []byte) (Record, error) {
	d := decoder{rest: b}
	version, status, f := d.byte(), d.byte(), d.byte()
	r := Record{
		Status:      Status(status),
		AtMostOnce:  f&flagAtMostOnce != 0,
		TakenOver:   f&flagTakenOver != 0,
		Token:       d.uint64(),
		Retention:   time.Duration(d.uint64()),
		CreatedAt:   d.time(),
		LeaseUntil:  d.time(),
		CompletedAt: d.time(),
		Fingerprint: string(d.bytes(d.uint32())),
		ErrCode:     string(d.bytes(d.uint32())),
		ErrText:     string(d.bytes(d.uint32())),
	}
	if n := d.uint32(); n != nilLength {
		r.Response = d.bytes(n)
	}
	if d.bad || len(d.rest) > 0 || version != codecVersion || f&^flagsKnown != 0 || ValidateRecord(r) != nil {
		return Record{}, ErrCorrupt
	}
	return r, nil
}

// decoder takes a record apart. Once something is missing, everything is zero.
type decoder struct {
	rest []byte
	bad  bool
}

// bytes returns the next n, which are not nil. They are a part of the whole,
// without room to append to.
func (d *decoder) bytes(n uint32) []byte {
	if uint64(n) > uint64(len(d.rest)) {
		d.bad = true
	}
	if d.bad {
		return make([]byte, min(n, 8))
	}
	b := d.rest[:n:n]
	d.rest = d.rest[n:]
	return b
}

func (d *decoder) byte() byte     { return d.bytes(1)[0] }
func (d *decoder) uint32() uint32 { return binary.BigEndian.Uint32(d.bytes(4)) }
func (d *decoder) uint64() uint64 { return binary.BigEndian.Uint64(d.bytes(8)) }

func (d *decoder) time() time.Time {
	seconds, nanos := int64(d.uint64()), d.uint32()
	if nanos >= 1e9 {
		d.bad = true
	}
	return time.Unix(seconds, int64(nanos)).UTC()
}
