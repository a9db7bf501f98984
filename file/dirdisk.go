package file

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// disk is what a DirStorage needs of a directory. Names have slashes and are
// below it; "." is the directory.
type disk interface {
	create(name string) (diskFile, error) // that is not there yet
	open(name string) (diskFile, error)
	rename(from, to string) error // in the place of what is there
	remove(name string) error
	mkdir(name string) error
	list(dir string) ([]fs.DirEntry, error)
	syncDir(dir string) error
	close() error
}

// diskFile is an open file of a disk.
type diskFile interface {
	io.Writer
	io.ReaderAt
	Stat() (fs.FileInfo, error)
	Sync() error
	Close() error
}

// rootDisk is a disk in an os.Root: whatever links lie in the directory, none
// leads out of it.
type rootDisk struct{ root *os.Root }

// openRoot opens a directory, and makes it if only the last part of its path is
// missing.
func openRoot(dir string) (disk, error) {
	err := os.Mkdir(dir, 0o700)
	switch {
	case err == nil:
		if err = syncPath(filepath.Dir(dir)); err != nil {
			return nil, bare(err)
		}
	case !errors.Is(err, fs.ErrExist):
		return nil, bare(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, bare(err)
	}
	return rootDisk{root}, nil
}

func (d rootDisk) create(name string) (diskFile, error) {
	f, err := d.root.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	return opened(f, err)
}

func (d rootDisk) open(name string) (diskFile, error) {
	f, err := d.root.Open(name)
	return opened(f, err)
}

// opened keeps a nil *os.File from becoming a diskFile that is not nil.
func opened(f *os.File, err error) (diskFile, error) {
	if err != nil {
		return nil, err
	}
	return f, nil
}

func (d rootDisk) rename(from, to string) error { return d.root.Rename(from, to) }
func (d rootDisk) remove(name string) error     { return d.root.Remove(name) }
func (d rootDisk) mkdir(name string) error      { return d.root.Mkdir(name, 0o700) }
func (d rootDisk) close() error                 { return d.root.Close() }

func (d rootDisk) list(dir string) ([]fs.DirEntry, error) {
	f, err := d.root.Open(dir)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return f.ReadDir(-1)
}

func (d rootDisk) syncDir(dir string) error {
	f, err := d.root.Open(dir)
	return syncOpened(f, err)
}

func syncPath(dir string) error {
	f, err := os.Open(dir)
	return syncOpened(f, err)
}

// syncOpened syncs a directory. Windows cannot do that.
func syncOpened(f *os.File, err error) error {
	if err != nil {
		return err
	}
	if runtime.GOOS != "windows" {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// bare returns what the system said, without the name that package os has put
// before it.
func bare(err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return ErrNotFound
	case errors.Is(err, fs.ErrClosed):
		return ErrClosed
	case isFull(err):
		return fmt.Errorf("%w: %w", ErrNoSpace, reason(err))
	}
	return reason(err)
}

// reason returns the number behind what package os has made of it.
func reason(err error) error {
	var p *fs.PathError
	var l *os.LinkError
	switch {
	case errors.As(err, &p):
		return p.Err
	case errors.As(err, &l):
		return l.Err
	}
	return err
}
