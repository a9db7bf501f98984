//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package vfs

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"syscall"
)

// lock uses flock and not fcntl: it excludes two handles of one process as
// well, belongs to the file whatever path led to it, and the kernel lets go
// of it when the process dies.
func (d *osDir) lock(name string) (io.Closer, error) {
	f, err := d.openLock(name)
	if err != nil {
		return nil, err
	}
	err = control(f, func(fd int) error { return syscall.Flock(fd, syscall.LOCK_EX|syscall.LOCK_NB) })
	if err == nil {
		return f, nil
	}
	f.Close()
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = alias{ErrLocked, err}
	}
	return nil, fail("lock", name, err)
}

// openLock creates the file if need be. Another process may do the same
// between the two looks.
func (d *osDir) openLock(name string) (*os.File, error) {
	f, err := d.open(name, ReadWrite)
	if !errors.Is(err, fs.ErrNotExist) {
		return f, err
	}
	f, err = d.create(name)
	if !errors.Is(err, fs.ErrExist) {
		return f, err
	}
	return d.open(name, ReadWrite)
}
