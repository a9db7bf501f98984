package vfs

import (
	"os"
	"syscall"
	"unsafe"
)

// madvPopulateWrite is MADV_POPULATE_WRITE of Linux 5.14; older kernels say
// EINVAL.
const madvPopulateWrite = 23

// prefault asks for the whole pages that b covers.
func prefault(b []byte) {
	if len(b) == 0 {
		return
	}
	page := os.Getpagesize()
	skip := -int(uintptr(unsafe.Pointer(unsafe.SliceData(b)))) & (page - 1)
	if n := (len(b) - skip) &^ (page - 1); n > 0 {
		_ = syscall.Madvise(b[skip:skip+n], madvPopulateWrite)
	}
}
