package vfs

import (
	"errors"
	"fmt"
	"os"
)

// osFile is a file of the operating system.
type osFile struct {
	f *os.File
	// held is how many bytes from the start have blocks on the device, as
	// far as this handle has asked for them. It belongs to the writer.
	held int64
}

// ReadAt fills p from off.
func (f *osFile) ReadAt(p []byte, off int64) (int, error) {
	n, err := f.f.ReadAt(p, off)
	return n, translate(err)
}

// WriteAt writes p at off.
func (f *osFile) WriteAt(p []byte, off int64) (int, error) {
	n, err := f.f.WriteAt(p, off)
	return n, translate(err)
}

// Close closes the file. Mappings live on.
func (f *osFile) Close() error {
	return translate(f.f.Close())
}

// Size returns the length in bytes.
func (f *osFile) Size() (int64, error) {
	info, err := f.f.Stat()
	if err != nil {
		return 0, translate(err)
	}
	return info.Size(), nil
}

// Truncate sets the length. Bytes that appear have no room on the device.
func (f *osFile) Truncate(size int64) error {
	f.held = min(f.held, size)
	return translate(f.f.Truncate(size))
}

// Sync makes contents and length durable.
func (f *osFile) Sync() error {
	return translate(syncFile(f.f))
}

// Reserve extends the file with zeros that have room on the device. If it
// fails, the length is as it was.
func (f *osFile) Reserve(size int64) (Placement, error) {
	old, err := f.Size()
	if err != nil {
		return ByCall, err
	}
	placement, err := f.allocate(old, size)
	if err == nil {
		return placement, nil
	}
	if size > old {
		err = f.rollBack(old, err)
	}
	return ByCall, translate(err)
}

// rollBack gives back what a failed Reserve has got.
func (f *osFile) rollBack(old int64, cause error) error {
	if err := f.Truncate(old); err != nil {
		return fmt.Errorf("%w, and rolling back: %w", cause, err)
	}
	return cause
}

// zeroPiece is how much writeZeros writes by one call.
const zeroPiece = 64 << 10

// writeZeros extends the file from old to size where the platform cannot
// allocate. A copying file system may still lack room for a second write.
func (f *osFile) writeZeros(old, size int64) error {
	zeros := make([]byte, min(zeroPiece, max(0, size-old)))
	for off := old; off < size; {
		n, err := f.f.WriteAt(zeros[:min(zeroPiece, size-off)], off)
		if err != nil {
			return err
		}
		off += int64(n)
	}
	return nil
}

// Map maps the first length bytes.
func (f *osFile) Map(length int64, mode Mode) ([]byte, error) {
	if err := checkMap(f.f.Name(), length); err != nil {
		return nil, err
	}
	b, err := mapFile(f.f, int(length), mode)
	if err != nil {
		return nil, mapError("map", f.f.Name(), err)
	}
	return b, nil
}

// Unmap ends a mapping.
func (f *osFile) Unmap(b []byte) error {
	return mapError("unmap", f.f.Name(), unmapFile(b))
}

// Prefault makes pages writable ahead of the writer.
func (f *osFile) Prefault(b []byte) { prefault(b) }

// Protect makes a mapping read-only.
func (f *osFile) Protect(b []byte) error {
	return mapError("protect", f.f.Name(), protectFile(b))
}

func mapError(op, name string, err error) error {
	if err == nil || errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	return translate(fail(op, name, err))
}
