package vfs

import (
	"os"
	"syscall"
)

// syncFile leaves out the times of the file. Its length, and the blocks it
// was given, are written, since the data could not be found without them.
func syncFile(f *os.File) error {
	if err := control(f, syscall.Fdatasync); err != nil {
		return fail("fdatasync", f.Name(), err)
	}
	return nil
}
