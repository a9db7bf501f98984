package vfs

import (
	"io"
	"os"
	"path/filepath"
	"syscall"
)

// lock opens the file and allows no other handle beside it, or only readers
// for a Shared lock.
func (d *osDir) lock(name string, kind LockKind) (io.Closer, error) {
	path := filepath.Join(d.root.Name(), name)
	p, err := syscall.UTF16PtrFromString(path)
	if err != nil {
		return nil, fail("lock", name, err)
	}
	access, share, create := uint32(syscall.GENERIC_READ|syscall.GENERIC_WRITE), uint32(0), uint32(syscall.OPEN_ALWAYS)
	if kind == Shared {
		access, share, create = syscall.GENERIC_READ, syscall.FILE_SHARE_READ, syscall.OPEN_EXISTING
	}
	attributes := uint32(syscall.FILE_ATTRIBUTE_NORMAL | syscall.FILE_FLAG_OPEN_REPARSE_POINT)
	h, err := syscall.CreateFile(p, access, share, nil, create, attributes, 0)
	if err == errorSharingViolation {
		err = alias{ErrLocked, err}
	}
	if err != nil {
		return nil, translate(fail("lock", name, err))
	}
	return os.NewFile(uintptr(h), path), nil
}
