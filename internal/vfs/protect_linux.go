package vfs

import "syscall"

// protectFile also has the mapping forget its pages, which come back from
// the file when they are read. While a mapping knows a page to be dirty, the
// kernel interrupts every processor for each page it writes back, to have
// the knowledge flushed; of a mapping that was let go it does so once for
// all. That is a third of the time of a busy writer.
func protectFile(b []byte) error {
	if err := syscall.Mprotect(b, syscall.PROT_READ); err != nil {
		return err
	}
	_ = syscall.Madvise(b, syscall.MADV_DONTNEED) // locked memory stays
	return nil
}
