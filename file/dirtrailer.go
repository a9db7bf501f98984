package file

import (
	"encoding/binary"
	"errors"
	"io"
	"math"
	"time"
)

// A file of a DirStorage is the body and, behind it, what is known of it, so
// that one rename replaces both. The layout of the end, which must not change:
//
//	+------+---------+----------+---------+--------+---------+
//	| body | expires | manifest | CRC-32C | length | "fileD" |
//	|      | varint  |   var    |    4    |   4    | 1, 2 x 0|
//	+------+---------+----------+---------+--------+---------+
//
// length is that of expires, manifest and checksum, big endian. expires is in
// Unix milliseconds, 0 for never. The manifest says that the body is elsewhere.
const (
	dirMagic   = "fileD\x01\x00\x00"
	footerSize = 4 + len(dirMagic)
	// longestTrailer is more than names and metadata within bounds can need.
	longestTrailer = 1 << 20
	firstLook      = 1024 // bytes in which most trailers lie
)

func encodeTrailer(m *manifest, expires time.Time) []byte {
	w := &writer{}
	w.varint(toMillis(expires))
	w.raw(m.encode())
	trailer := w.sealed()
	trailer = binary.BigEndian.AppendUint32(trailer, uint32(len(trailer)))
	return append(trailer, dirMagic...)
}

// readTrailer reads what is known of an open file.
func readTrailer(f diskFile) (*manifest, time.Time, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, time.Time{}, bare(err)
	}
	size := info.Size()
	end, err := readEnd(f, size, firstLook)
	if err != nil {
		return nil, time.Time{}, err
	}
	length := int64(-1)
	if footer := len(end) - footerSize; footer >= 0 && string(end[footer+4:]) == dirMagic {
		length = int64(binary.BigEndian.Uint32(end[footer:]))
	}
	whole := length + int64(footerSize)
	if length < 0 || length > longestTrailer || whole > size {
		return nil, time.Time{}, ErrCorrupt
	}
	if whole > int64(len(end)) {
		if end, err = readEnd(f, size, whole); err != nil {
			return nil, time.Time{}, err
		}
	}
	m, expires, err := decodeTrailer(end[int64(len(end))-whole:][:length])
	if err == nil && m.size != size-whole {
		err = ErrCorrupt
	}
	return m, expires, err
}

func decodeTrailer(b []byte) (*manifest, time.Time, error) {
	r := unseal(b)
	expires := r.varint()
	if !r.ok || expires < 0 {
		return nil, time.Time{}, ErrCorrupt
	}
	m, err := decodeManifest(r.buf)
	if err == nil && (m.chunkSize != 0 || len(m.inline) != 0) {
		err = ErrCorrupt
	}
	return m, fromMillis(expires), err
}

// readEnd reads the last n bytes of a file of that size, or all if there are
// fewer.
func readEnd(f diskFile, size, n int64) ([]byte, error) {
	b := make([]byte, min(n, size))
	read, err := f.ReadAt(b, size-int64(len(b)))
	if read == len(b) || errors.Is(err, io.EOF) {
		return b[:read], nil
	}
	return nil, bare(err)
}

// toMillis returns a time of expiry as it is written; what is too far away for
// that is as good as never.
func toMillis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return max(1, t.UnixMilli())
}

func fromMillis(millis int64) time.Time {
	if millis == 0 || millis == math.MaxInt64 {
		return time.Time{}
	}
	return time.UnixMilli(millis).UTC()
}
