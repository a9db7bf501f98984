package segment

import (
	"fmt"

	"github.com/spcent/plumego/store/internal/record"
	"github.com/spcent/plumego/store/internal/vfs"
)

// Remains is a file that was a segment once, opened for what is left of it.
// Nothing is taken for granted: the header may be gone, the name another's,
// the device may fail. It is only read, and never mapped, since reading must
// not fault where a device fails or somebody cuts the file.
type Remains struct {
	s    Segment
	file *patientFile
}

// Identity is what a sound header says of its segment.
type Identity struct {
	Store   uint64
	ID      uint64
	Created int64 // Unix milliseconds
}

// OpenRemains opens a file of that name, whatever it holds.
func OpenRemains(dir vfs.Dir, name string) (*Remains, error) {
	f, err := dir.Open(name, vfs.ReadOnly)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", name, err)
	}
	size, err := f.Size()
	if err != nil {
		_ = f.Close() // it was only read
		return nil, fmt.Errorf("size of %s: %w", name, err)
	}
	p := &patientFile{File: f}
	return &Remains{s: Segment{name: name, file: p, reserved: size}, file: p}, nil
}

// Name returns the file's name.
func (r *Remains) Name() string { return r.s.name }

// Size returns the file's length in bytes.
func (r *Remains) Size() int64 { return r.s.reserved }

// Identity reads the header. One that is not sound is ErrNoHeader and a
// *CorruptError; one of a newer version is ErrUnsupported.
func (r *Remains) Identity() (Identity, error) {
	b := make([]byte, min(r.s.reserved, HeaderSize))
	if _, err := r.file.ReadAt(b, 0); err != nil {
		return Identity{}, err
	}
	h, err := decodeHeader(r.s.name, b)
	return Identity{h.store, h.id, h.created}, err
}

// BelongTo says of which segment the records in the file are. It comes before
// Sift and Read.
func (r *Remains) BelongTo(store, id uint64) { r.s.store, r.s.id = store, id }

// Read returns the record at that offset, of that size, in a new buffer that
// is the caller's. Bytes that are no sound record are a *CorruptError.
func (r *Remains) Read(off, size int64) (record.Record, error) {
	b := make([]byte, size)
	if _, err := r.file.ReadAt(b, off); err != nil {
		return record.Record{}, err
	}
	rec, err := record.Decode(b, r.s.place(off))
	if err != nil {
		return record.Record{}, &CorruptError{r.s.name, off, err.Error()}
	}
	return rec, nil
}

// Close lets go of the file.
func (r *Remains) Close() error { return r.file.Close() }
