package vfs

import (
	"errors"
	"io"
	"io/fs"
	"sync/atomic"
)

// memFile is an open file of a Mem.
type memFile struct {
	blob   *blob
	name   string
	mode   Mode
	closed atomic.Bool
}

// check says whether the handle can be used for reading.
func (f *memFile) check(op string) error {
	if f.closed.Load() {
		return fail(op, f.name, fs.ErrClosed)
	}
	return nil
}

// checkWrite says whether the handle can be used for writing.
func (f *memFile) checkWrite(op string) error {
	if err := f.check(op); err != nil {
		return err
	}
	if f.mode == ReadOnly {
		return fail(op, f.name, fs.ErrPermission)
	}
	return nil
}

// named adds the deed and the file to an error of its blob.
func (f *memFile) named(op string, err error) error {
	if err == nil || errors.Is(err, io.EOF) {
		return err
	}
	return fail(op, f.name, err)
}

// ReadAt fills p from off.
func (f *memFile) ReadAt(p []byte, off int64) (int, error) {
	if err := f.check("read"); err != nil {
		return 0, err
	}
	n, err := f.blob.readAt(p, off)
	return n, f.named("read", err)
}

// WriteAt copies p to off.
func (f *memFile) WriteAt(p []byte, off int64) (int, error) {
	if err := f.checkWrite("write"); err != nil {
		return 0, err
	}
	n, err := f.blob.writeAt(p, off)
	return n, f.named("write", err)
}

// Close closes the handle. Mappings live on.
func (f *memFile) Close() error {
	if f.closed.Swap(true) {
		return fail("close", f.name, fs.ErrClosed)
	}
	return nil
}

// Size returns the length in bytes.
func (f *memFile) Size() (int64, error) {
	if err := f.check("size"); err != nil {
		return 0, err
	}
	return f.blob.size(), nil
}

// Truncate sets the length.
func (f *memFile) Truncate(size int64) error {
	if err := f.checkWrite("truncate"); err != nil {
		return err
	}
	return f.named("truncate", f.blob.truncate(size))
}

// Sync does nothing.
func (f *memFile) Sync() error { return f.check("sync") }

// Reserve extends the file with zeros.
func (f *memFile) Reserve(size int64) (Placement, error) {
	if err := f.checkWrite("reserve"); err != nil {
		return ByCall, err
	}
	if err := f.blob.reserve(size); err != nil {
		return ByCall, f.named("reserve", err)
	}
	return ByMapping, nil
}

// Map returns the file's own bytes.
func (f *memFile) Map(length int64, mode Mode) ([]byte, error) {
	if err := f.check("map"); err != nil {
		return nil, err
	}
	if err := checkMap(f.name, length); err != nil {
		return nil, err
	}
	if mode == ReadWrite && f.mode == ReadOnly {
		return nil, fail("map", f.name, fs.ErrPermission)
	}
	b, err := f.blob.mmap(int(length))
	return b, f.named("map", err)
}

// Unmap ends a mapping, also after Close.
func (f *memFile) Unmap(b []byte) error {
	return f.named("unmap", f.blob.munmap(b))
}

// Prefault does nothing: the heap has its own way.
func (f *memFile) Prefault([]byte) {}

// Protect does nothing: the heap has no read-only pages.
func (f *memFile) Protect([]byte) error { return nil }
