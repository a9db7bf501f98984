package file

import (
	"encoding/binary"
	"hash/crc32"
)

// writer appends fields to a record. The numbers of the wire must not change.
type writer struct{ buf []byte }

func (w *writer) byte(b byte)      { w.buf = append(w.buf, b) }
func (w *writer) uvarint(n uint64) { w.buf = binary.AppendUvarint(w.buf, n) }
func (w *writer) varint(n int64)   { w.buf = binary.AppendVarint(w.buf, n) }
func (w *writer) raw(b []byte)     { w.buf = append(w.buf, b...) }
func (w *writer) string(s string)  { w.uvarint(uint64(len(s))); w.buf = append(w.buf, s...) }
func (w *writer) sealed() []byte   { return binary.BigEndian.AppendUint32(w.buf, sum(w.buf)) }
func sum(b []byte) uint32          { return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) }

// reader takes fields from a record. After the first that is not there every
// field is zero and ok is false.
type reader struct {
	buf []byte
	ok  bool
}

// unseal returns a reader of what writer.sealed has sealed.
func unseal(b []byte) *reader {
	if len(b) < 4 {
		return &reader{}
	}
	body, seal := b[:len(b)-4], binary.BigEndian.Uint32(b[len(b)-4:])
	return &reader{body, sum(body) == seal}
}

// take returns the next n bytes, which are not copied.
func (r *reader) take(n uint64) []byte {
	if !r.ok || n > uint64(len(r.buf)) {
		r.ok = false
		return nil
	}
	b := r.buf[:n:n]
	r.buf = r.buf[n:]
	return b
}

func (r *reader) byte() byte {
	if b := r.take(1); r.ok {
		return b[0]
	}
	return 0
}

func (r *reader) uvarint() uint64 {
	n, size := binary.Uvarint(r.buf)
	return advance(r, n, size)
}

func (r *reader) varint() int64 {
	n, size := binary.Varint(r.buf)
	return advance(r, n, size)
}

func (r *reader) string() string { return string(r.take(r.uvarint())) }

// advance steps over a number of that size; 0 or less is no number.
func advance[N uint64 | int64](r *reader, n N, size int) N {
	r.take(uint64(max(size, 0)))
	if size <= 0 {
		r.ok = false
	}
	if !r.ok {
		return 0
	}
	return n
}

// end reports whether all fields were there and nothing is left.
func (r *reader) end() bool { return r.ok && len(r.buf) == 0 }
