package vfs

import "errors"

// diskFile is an open file of a Disk.
type diskFile struct {
	*memFile
	disk *Disk
	dir  string
}

func (f *diskFile) begin(kind OpKind, off, length int64) error {
	return f.disk.begin(Op{Kind: kind, Dir: f.dir, Name: f.name, Offset: off, Length: length})
}

// ReadAt fills p from off.
func (f *diskFile) ReadAt(p []byte, off int64) (int, error) {
	if err := f.begin(OpRead, off, int64(len(p))); err != nil {
		return 0, err
	}
	return f.memFile.ReadAt(p, off)
}

// WriteAt writes p, or as much of it as the hook and the capacity allow.
func (f *diskFile) WriteAt(p []byte, off int64) (int, error) {
	err := f.begin(OpWrite, off, int64(len(p)))
	var part *PartialWrite
	if errors.As(err, &part) {
		n, err := f.write(p[:max(0, min(part.N, len(p)))], off)
		if err != nil {
			return n, err
		}
		return n, part.Err
	}
	if err != nil {
		return 0, err
	}
	return f.write(p, off)
}

func (f *diskFile) write(p []byte, off int64) (int, error) {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	end := off + int64(len(p))
	fits := f.disk.fit(f.blob.size(), end)
	if fits == end {
		return f.memFile.WriteAt(p, off)
	}
	n, err := f.memFile.WriteAt(p[:max(0, fits-off)], off)
	if err != nil {
		return n, err
	}
	return n, fail("write", f.name, ErrNoSpace)
}

// Close closes the handle.
func (f *diskFile) Close() error {
	err := f.begin(OpClose, 0, 0)
	return errors.Join(err, f.memFile.Close())
}

// Size returns the length in bytes.
func (f *diskFile) Size() (int64, error) {
	if err := f.begin(OpSize, 0, 0); err != nil {
		return 0, err
	}
	return f.memFile.Size()
}

// Truncate sets the length.
func (f *diskFile) Truncate(size int64) error {
	if err := f.begin(OpTruncate, 0, size); err != nil {
		return err
	}
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	if f.disk.fit(f.blob.size(), size) < size {
		return fail("truncate", f.name, ErrNoSpace)
	}
	return f.memFile.Truncate(size)
}

// Sync makes contents and length durable. If the hook fails it, the sectors
// that waited are lost.
func (f *diskFile) Sync() error {
	hookErr := f.begin(OpFileSync, 0, 0)
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	if err := f.memFile.Sync(); err != nil {
		return err
	}
	s, live := f.blob.stable, f.blob.snapshot()
	if hookErr != nil {
		s.lose(live)
		return hookErr
	}
	s.settle(live)
	return nil
}

// Reserve extends the file with zeros and reports the disk's Placement.
func (f *diskFile) Reserve(size int64) (Placement, error) {
	if err := f.begin(OpReserve, 0, size); err != nil {
		return ByCall, err
	}
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	if f.disk.fit(f.blob.size(), size) < size {
		return ByCall, fail("reserve", f.name, ErrNoSpace)
	}
	if _, err := f.memFile.Reserve(size); err != nil {
		return ByCall, err
	}
	return f.disk.Placement, nil
}

// Map returns the file's own bytes.
func (f *diskFile) Map(length int64, mode Mode) ([]byte, error) {
	if err := f.begin(OpMap, 0, length); err != nil {
		return nil, err
	}
	if f.disk.NoMap {
		return nil, fail("map", f.name, errors.ErrUnsupported)
	}
	return f.memFile.Map(length, mode)
}

// Unmap ends a mapping.
func (f *diskFile) Unmap(b []byte) error {
	if err := f.begin(OpUnmap, 0, int64(len(b))); err != nil {
		return err
	}
	return f.memFile.Unmap(b)
}

// Protect does nothing but ask the hook.
func (f *diskFile) Protect(b []byte) error {
	if err := f.begin(OpProtect, 0, int64(len(b))); err != nil {
		return err
	}
	return f.memFile.Protect(b)
}
