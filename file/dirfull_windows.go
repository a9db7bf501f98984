package file

import (
	"errors"
	"syscall"
)

// isFull reports whether the system says that the device is full:
// ERROR_HANDLE_DISK_FULL, ERROR_DISK_FULL.
func isFull(err error) bool {
	return errors.Is(err, syscall.Errno(39)) || errors.Is(err, syscall.Errno(112))
}
