//go:build unix

package file

import (
	"errors"
	"syscall"
)

// isFull reports whether the system says that the device or quota is full.
func isFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}
