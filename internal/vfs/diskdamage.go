package vfs

import (
	"bytes"
	"fmt"
	"io/fs"
	"slices"
)

// ReadFile returns a copy of a file's live bytes. Like the methods below it
// is for damage done behind a store's back: no hook, no count.
func (d *Disk) ReadFile(dir, name string) ([]byte, error) {
	f, err := d.folder(dir)
	if err != nil {
		return nil, err
	}
	b := f.find(name)
	if b == nil {
		return nil, fmt.Errorf("disk: %w", fail("read", name, fs.ErrNotExist))
	}
	return b.snapshot(), nil
}

// WriteFile makes a new file of a copy of data, durable, in place of the one
// that had the name. Open handles keep the old one.
func (d *Disk) WriteFile(dir, name string, data []byte) error {
	f, err := d.folder(dir)
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.forget(f, name)
	f.mu.Lock()
	defer f.mu.Unlock()
	d.put(f, name, bytes.Clone(data))
	return nil
}

// RemoveFile unlinks a file, durably.
func (d *Disk) RemoveFile(dir, name string) error {
	f, err := d.folder(dir)
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := f.remove(name); err != nil {
		return fmt.Errorf("disk: %w", fail("remove", name, err))
	}
	d.forget(f, name)
	return nil
}

// Names returns the sorted live names of a directory.
func (d *Disk) Names(dir string) ([]string, error) {
	f, err := d.folder(dir)
	if err != nil {
		return nil, err
	}
	return f.list(), nil
}

// forget takes a name out of stable storage and out of what is pending.
func (d *Disk) forget(f *folder, name string) {
	n := d.names[f]
	delete(n.durable, name)
	n.pending = slices.DeleteFunc(n.pending, func(c change) bool { return c.touches(name) })
}
