package segment

import (
	"errors"
	"fmt"
	"io"
	"runtime/debug"

	"github.com/spcent/plumego/store/internal/record"
)

// ErrOtherKey says that a sound record belongs to another key than was asked
// for.
var ErrOtherKey = errors.New("record belongs to another key")

// ReadValue appends to dst a copy of the value in the record at that offset,
// and returns the record's header too. size is the record's, or 0 if the
// caller does not know it. Bytes that are no sound record are a
// *CorruptError; one of another key is ErrOtherKey; dst is then returned as
// it was. It allocates only when dst has no room.
func (s *Segment) ReadValue(dst []byte, off, size int64, key string) (_ []byte, _ record.Header, err error) {
	defer catchFault(&err, debug.SetPanicOnFault(true))
	b := s.mem
	if b != nil {
		b = b[off:]
	} else if b, err = s.readBehind(dst, off, size); err != nil {
		return dst, record.Header{}, err
	}
	r, err := record.Decode(b, s.place(off))
	if err != nil {
		return dst, record.Header{}, &CorruptError{s.name, off, err.Error()}
	}
	if string(r.Key) != key {
		return dst, r.Header, ErrOtherKey
	}
	return append(dst, r.Value...), r.Header, nil
}

// readBehind reads a record into the spare capacity of dst, or a new buffer.
// The value may then move down onto the bytes before it: append copes.
func (s *Segment) readBehind(dst []byte, off, size int64) (_ []byte, err error) {
	if size == 0 {
		if size, err = s.sizeAt(off); err != nil {
			return nil, err
		}
	}
	b := dst[len(dst):]
	if int64(cap(b)) < size {
		b = make([]byte, size)
	}
	b = b[:size]
	if _, err := s.file.ReadAt(b, off); err != nil {
		return nil, s.readError(off, err)
	}
	return b, nil
}

// sizeAt reads how long the record at off is.
func (s *Segment) sizeAt(off int64) (int64, error) {
	var b [record.HeaderSize]byte
	if _, err := s.file.ReadAt(b[:], off); err != nil {
		return 0, s.readError(off, err)
	}
	_, size, _, err := record.DecodeHeader(b[:], s.place(off))
	if err != nil {
		return 0, &CorruptError{s.name, off, err.Error()}
	}
	return size, nil
}

// readError tells a file that has become shorter from a device that fails.
func (s *Segment) readError(off int64, err error) error {
	if errors.Is(err, io.EOF) {
		return &CorruptError{s.name, off, "file ends before the record does"}
	}
	return fmt.Errorf("read %s at offset %d: %w", s.name, off, err)
}

// Found is a record met by Walk. Raw is all its bytes; it, Key and Value are
// valid until the visitor returns.
type Found struct {
	Offset int64
	Raw    []byte
	record.Record
}

// Walk visits the records from the header on, in order, up to limit, and
// returns the offset where the first one does not decode: limit, if all do.
// An error is the visitor's, or a failure to read.
func (s *Segment) Walk(limit int64, visit func(Found) error) (stop int64, err error) {
	defer catchFault(&err, debug.SetPanicOnFault(true))
	w := window{s: s, limit: limit}
	off := int64(HeaderSize)
	for off < limit {
		found, ok, err := w.record(off)
		if err != nil || !ok {
			return off, err
		}
		if err := visit(found); err != nil {
			return off, err
		}
		off += int64(len(found.Raw))
	}
	return off, nil
}

// window shows a file's bytes up to limit: its mapping, or a buffer that
// moves along.
type window struct {
	s     *Segment
	limit int64
	buf   []byte
	base  int64 // offset of buf[0]
}

// windowSize is how much is read at a time where there is no mapping.
const windowSize = 256 << 10

// record decodes the record at off, if there is one.
func (w *window) record(off int64) (Found, bool, error) {
	at := w.s.place(off)
	b, err := w.from(off, record.HeaderSize)
	if err != nil {
		return Found{}, false, err
	}
	_, size, _, err := record.DecodeHeader(b, at)
	if err != nil || size > w.limit-off {
		return Found{}, false, nil
	}
	if b, err = w.from(off, size); err != nil {
		return Found{}, false, err
	}
	r, err := record.Decode(b, at)
	return Found{Offset: off, Raw: b[:size], Record: r}, err == nil, nil
}

// from returns the bytes from off on: at least n, or all up to the limit.
func (w *window) from(off, n int64) ([]byte, error) {
	if w.s.mem != nil {
		return w.s.mem[off:w.limit], nil
	}
	n = min(n, w.limit-off)
	if have := w.base + int64(len(w.buf)); off < w.base || off+n > have {
		size := min(max(n, windowSize), w.limit-off)
		if int64(cap(w.buf)) < size {
			w.buf = make([]byte, size)
		}
		w.buf, w.base = w.buf[:size], off
		if _, err := w.s.file.ReadAt(w.buf, off); err != nil {
			return nil, w.s.readError(off, err)
		}
	}
	return w.buf[off-w.base:], nil
}
