package vfs

import (
	"io"
	"os"
	"path/filepath"
	"syscall"
)

// lock opens the file and allows no other handle beside it.
func (d *osDir) lock(name string) (io.Closer, error) {
	path := filepath.Join(d.root.Name(), name)
	p, err := syscall.UTF16PtrFromString(path)
	if err != nil {
		return nil, fail("lock", name, err)
	}
	access := uint32(syscall.GENERIC_READ | syscall.GENERIC_WRITE)
	attributes := uint32(syscall.FILE_ATTRIBUTE_NORMAL | syscall.FILE_FLAG_OPEN_REPARSE_POINT)
	h, err := syscall.CreateFile(p, access, 0, nil, syscall.OPEN_ALWAYS, attributes, 0)
	if err == errorSharingViolation {
		err = alias{ErrLocked, err}
	}
	if err != nil {
		return nil, translate(fail("lock", name, err))
	}
	return os.NewFile(uintptr(h), path), nil
}
