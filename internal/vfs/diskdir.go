package vfs

import (
	"errors"
	"io"
)

// diskDir is an open directory of a Disk.
type diskDir struct {
	*memDir
	disk *Disk
	path string
}

func (d *diskDir) begin(kind OpKind, name string) error {
	return d.disk.begin(Op{Kind: kind, Dir: d.path, Name: name})
}

// Create makes a new empty file, whose name is pending.
func (d *diskDir) Create(name string) (File, error) {
	if err := d.begin(OpCreate, name); err != nil {
		return nil, err
	}
	d.disk.mu.Lock()
	defer d.disk.mu.Unlock()
	if d.disk.full() {
		return nil, fail("create", name, ErrNoSpace)
	}
	f, err := d.memDir.create(name)
	if err != nil {
		return nil, err
	}
	d.created(name, f.blob)
	return d.file(f), nil
}

// Open opens an existing file.
func (d *diskDir) Open(name string, mode Mode) (File, error) {
	if err := d.begin(OpOpen, name); err != nil {
		return nil, err
	}
	f, err := d.memDir.open(name, mode)
	if err != nil {
		return nil, err
	}
	return d.file(f), nil
}

// Rename replaces newName by oldName; that it happened is pending.
func (d *diskDir) Rename(oldName, newName string) error {
	if err := d.disk.begin(Op{Kind: OpRename, Dir: d.path, Name: oldName, NewName: newName}); err != nil {
		return err
	}
	d.disk.mu.Lock()
	defer d.disk.mu.Unlock()
	b := d.find(oldName)
	if err := d.memDir.Rename(oldName, newName); err != nil {
		return err
	}
	d.change(change{old: oldName, name: newName, blob: b})
	return nil
}

// Remove unlinks a file; that it happened is pending.
func (d *diskDir) Remove(name string) error {
	if err := d.begin(OpRemove, name); err != nil {
		return err
	}
	d.disk.mu.Lock()
	defer d.disk.mu.Unlock()
	if err := d.memDir.Remove(name); err != nil {
		return err
	}
	d.change(change{old: name})
	return nil
}

// List returns the sorted names.
func (d *diskDir) List() ([]string, error) {
	if err := d.begin(OpList, ""); err != nil {
		return nil, err
	}
	return d.memDir.List()
}

// Sync makes the names durable.
func (d *diskDir) Sync() error {
	if err := d.begin(OpDirSync, ""); err != nil {
		return err
	}
	d.disk.mu.Lock()
	defer d.disk.mu.Unlock()
	if err := d.memDir.Sync(); err != nil {
		return err
	}
	d.disk.names[d.folder].settle(d.table())
	return nil
}

// Lock takes the lock, and may create its file.
func (d *diskDir) Lock(name string) (io.Closer, error) {
	if err := d.begin(OpLock, name); err != nil {
		return nil, err
	}
	d.disk.mu.Lock()
	defer d.disk.mu.Unlock()
	missing := d.find(name) == nil
	if missing && d.disk.full() {
		return nil, fail("lock", name, ErrNoSpace)
	}
	l, err := d.memDir.Lock(name)
	if err != nil {
		return nil, err
	}
	if missing {
		d.created(name, d.find(name))
	}
	return &diskLock{Closer: l, dir: d, name: name}, nil
}

// Close lets go of the directory.
func (d *diskDir) Close() error {
	err := d.begin(OpDirClose, "")
	return errors.Join(err, d.memDir.Close())
}

func (d *diskDir) file(f *memFile) *diskFile {
	return &diskFile{memFile: f, disk: d.disk, dir: d.path}
}

func (d *diskDir) created(name string, b *blob) {
	b.stable = new(stable)
	d.change(change{name: name, blob: b})
}

func (d *diskDir) change(c change) {
	n := d.disk.names[d.folder]
	n.pending = append(n.pending, c)
}

// diskLock is a lock of a Disk.
type diskLock struct {
	io.Closer
	dir  *diskDir
	name string
}

// Close lets go of the lock.
func (l *diskLock) Close() error {
	err := l.dir.begin(OpUnlock, l.name)
	return errors.Join(err, l.Closer.Close())
}
