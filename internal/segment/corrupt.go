package segment

import (
	"errors"
	"fmt"
)

// ErrUnsupported says that a file was written by a newer format version.
var ErrUnsupported = errors.New("format version is newer than this library")

// CorruptError says where a file is not what was written to it.
type CorruptError struct {
	File   string // its name within the store's directory
	Offset int64  // bytes from its start
	Reason string
}

// Error names the file, the offset and the reason.
func (e *CorruptError) Error() string {
	return fmt.Sprintf("%s at offset %d: %s", e.File, e.Offset, e.Reason)
}
