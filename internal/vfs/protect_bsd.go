//go:build dragonfly || freebsd || netbsd

package vfs

import (
	"syscall"
	"unsafe"
)

// protectFile makes the call itself: package syscall has no Mprotect here.
func protectFile(b []byte) error {
	if len(b) == 0 {
		return nil
	}
	start := uintptr(unsafe.Pointer(unsafe.SliceData(b)))
	_, _, errno := syscall.Syscall(syscall.SYS_MPROTECT, start, uintptr(len(b)), syscall.PROT_READ)
	if errno != 0 {
		return errno
	}
	return nil
}
