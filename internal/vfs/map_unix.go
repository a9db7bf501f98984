//go:build darwin || dragonfly || freebsd || linux || netbsd

package vfs

import (
	"errors"
	"math/bits"
	"os"
	"syscall"
)

// mapFile shares the kernel's pages of the file, so that writes by call show
// in the mapping and the other way round. openbsd has two caches and cannot.
func mapFile(f *os.File, length int, mode Mode) (b []byte, err error) {
	if bits.UintSize < 64 {
		return nil, errors.ErrUnsupported
	}
	prot := syscall.PROT_READ
	if mode == ReadWrite {
		prot |= syscall.PROT_WRITE
	}
	err = control(f, func(fd int) error {
		b, err = syscall.Mmap(fd, 0, length, prot, syscall.MAP_SHARED)
		return err
	})
	if err == syscall.ENODEV { // a file system without shared mappings
		err = alias{err, errors.ErrUnsupported}
	}
	return b, err
}

func unmapFile(b []byte) error { return syscall.Munmap(b) }
