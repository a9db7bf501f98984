package vfs

import (
	"errors"
	"io"
	"io/fs"
	"math"
	"sync"
)

// errGrow says that a file on the heap would have to move to become that
// long, and may not while it is mapped.
var errGrow = errors.New("file cannot grow beyond its mapping")

// blob is the contents of a file on the heap, and its lock.
type blob struct {
	// mu protects the fields below, and the bytes but for those that are
	// reached through a mapping.
	mu sync.RWMutex
	// data is the file: len is its length. A mapping is the same array, so
	// the array stays while maps > 0.
	data []byte
	// used is the greatest length the file ever had in this array: bytes
	// behind it are zero and have not cost a page yet.
	used   int
	maps   int
	locked bool

	// stable is what stable storage holds of the file, if there is such a thing:
	// see Disk, whose mu protects it.
	stable *stable
}

func (b *blob) size() int64 {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return int64(len(b.data))
}

func (b *blob) readAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, fs.ErrInvalid
	}
	b.mu.RLock()
	defer b.mu.RUnlock()
	n := 0
	if off < int64(len(b.data)) {
		n = copy(p, b.data[off:])
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// writeAt lets an array that must grow grow by half, so that appending is
// linear.
func (b *blob) writeAt(p []byte, off int64) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if off < 0 || off > math.MaxInt-int64(len(p)) {
		return 0, fs.ErrInvalid
	}
	if end := int(off) + len(p); end > len(b.data) && len(p) > 0 {
		if err := b.resize(end, cap(b.data)+cap(b.data)/2); err != nil {
			return 0, err
		}
	}
	return copy(b.data[min(int(off), len(b.data)):], p), nil
}

func (b *blob) truncate(size int64) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if size < 0 || size > math.MaxInt {
		return fs.ErrInvalid
	}
	return b.resize(int(size), 0)
}

// reserve makes the file at least size bytes long.
func (b *blob) reserve(size int64) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if size > math.MaxInt {
		return fs.ErrInvalid
	}
	return b.resize(max(int(size), len(b.data)), 0)
}

// resize sets the length. Bytes that appear are zero; a new array gets room
// for at least so many bytes.
func (b *blob) resize(size, room int) error {
	if size > cap(b.data) {
		if err := b.move(max(size, room)); err != nil {
			return err
		}
	}
	if old := len(b.data); old < min(size, b.used) {
		clear(b.data[old:min(size, b.used)])
	}
	b.data = b.data[:size]
	b.used = max(b.used, size)
	return nil
}

// move gives the file an array of that capacity.
func (b *blob) move(room int) error {
	if b.maps > 0 {
		return errGrow
	}
	data := make([]byte, len(b.data), room)
	copy(data, b.data)
	b.data, b.used = data, len(data)
	return nil
}

// mmap returns the array itself, from now on in its place.
func (b *blob) mmap(length int) ([]byte, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if length > cap(b.data) {
		if err := b.move(length); err != nil {
			return nil, err
		}
	}
	b.maps++
	return b.data[:length:length], nil
}

func (b *blob) munmap(m []byte) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.maps == 0 || len(m) == 0 || &m[0] != &b.data[:1][0] {
		return fs.ErrInvalid
	}
	b.maps--
	return nil
}

func (b *blob) lock() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.locked {
		return ErrLocked
	}
	b.locked = true
	return nil
}

func (b *blob) unlock() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.locked = false
}
