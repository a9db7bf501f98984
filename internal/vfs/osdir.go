package vfs

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
)

// osDir holds a directory by handle, so that it may be renamed, and so that
// no symbolic link in it can lead out.
type osDir struct {
	root *os.Root
	self *os.File // the directory, for Sync
}

// Create makes a new empty file.
func (d *osDir) Create(name string) (File, error) {
	f, err := d.create(name)
	if err != nil {
		return nil, err
	}
	return &osFile{f: f}, nil
}

func (d *osDir) create(name string) (*os.File, error) {
	if err := checkName("create", name); err != nil {
		return nil, err
	}
	f, err := d.root.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, fileMode)
	return f, translate(err)
}

// Open opens an existing regular file that has no second name.
func (d *osDir) Open(name string, mode Mode) (File, error) {
	f, err := d.open(name, mode)
	if err != nil {
		return nil, err
	}
	return &osFile{f: f}, nil
}

// open opens what a name stands for. A manifest is replaced while its store
// is open, and whoever looks at it then shall see the one or the other.
func (d *osDir) open(name string, mode Mode) (f *os.File, err error) {
	if err := checkName("open", name); err != nil {
		return nil, err
	}
	const patience = 100 // replacements at the very moment
	for range patience {
		f, err = d.openOnce(name, mode)
		if !errors.Is(err, errReplaced) {
			return f, err
		}
	}
	return nil, fail("open", name, ErrUnsafeFile)
}

// errReplaced says that a name got another file while it was being opened.
var errReplaced = errors.New("replaced meanwhile")

// openOnce looks at the name first, since opening a pipe or a device has
// effects, and at what it has opened afterwards, since a name may change its
// file in between.
func (d *osDir) openOnce(name string, mode Mode) (*os.File, error) {
	seen, err := d.root.Lstat(name)
	if err != nil {
		return nil, translate(err)
	}
	if !seen.Mode().IsRegular() {
		return nil, fail("open", name, ErrUnsafeFile)
	}
	flag := os.O_RDONLY
	if mode == ReadWrite {
		flag = os.O_RDWR
	}
	f, err := d.root.OpenFile(name, flag, 0)
	if err != nil {
		return nil, translate(err)
	}
	if err := checkOpened(f, seen); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// checkOpened reports whether f is the file that was seen, and owned by one
// name.
func checkOpened(f *os.File, seen fs.FileInfo) error {
	info, err := f.Stat()
	if err != nil {
		return translate(err)
	}
	n, err := links(f, info)
	switch {
	case err != nil:
		return translate(err)
	case n == 0 || !os.SameFile(seen, info):
		return errReplaced
	case n > 1:
		return fail("open", f.Name(), ErrUnsafeFile)
	}
	return nil
}

// Rename replaces newName by oldName.
func (d *osDir) Rename(oldName, newName string) error {
	if err := errors.Join(checkName("rename", oldName), checkName("rename", newName)); err != nil {
		return err
	}
	return translate(d.root.Rename(oldName, newName))
}

// Remove unlinks a file. Unlike os.Remove it spares an empty directory.
func (d *osDir) Remove(name string) error {
	if err := checkName("remove", name); err != nil {
		return err
	}
	info, err := d.root.Lstat(name)
	if err != nil {
		return translate(err)
	}
	if info.IsDir() {
		return fail("remove", name, ErrUnsafeFile)
	}
	return translate(d.root.Remove(name))
}

// List returns the sorted names. It opens the directory afresh, because a
// handle has but one reading position.
func (d *osDir) List() ([]string, error) {
	f, err := d.root.Open(".")
	if err != nil {
		return nil, translate(err)
	}
	defer f.Close()
	names, err := f.Readdirnames(-1)
	if err != nil {
		return nil, translate(err)
	}
	slices.Sort(names)
	return names, nil
}

// Sync makes the names durable.
func (d *osDir) Sync() error {
	return translate(syncDir(d.self))
}

// Lock takes the lock file of that name.
func (d *osDir) Lock(name string) (io.Closer, error) {
	if err := checkName("lock", name); err != nil {
		return nil, err
	}
	return d.lock(name)
}

// Close lets go of the directory.
func (d *osDir) Close() error {
	return translate(errors.Join(d.self.Close(), d.root.Close()))
}
