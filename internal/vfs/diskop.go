package vfs

import "fmt"

// Op is one call about to be made on a Disk.
type Op struct {
	Kind    OpKind
	Dir     string // path of the directory
	Name    string // of the file, as it was opened; empty for a directory
	NewName string // OpRename only
	Offset  int64  // OpRead and OpWrite
	Length  int64  // bytes to read, write, map; the size to truncate or reserve to
}

// String returns the call in one line.
func (o Op) String() string {
	s := fmt.Sprintf("%v %s", o.Kind, o.Dir)
	if o.Name != "" {
		s += "/" + o.Name
	}
	if o.NewName != "" {
		s += " -> " + o.NewName
	}
	switch o.Kind {
	case OpRead, OpWrite:
		s += fmt.Sprintf(" [%d, %d)", o.Offset, o.Offset+o.Length)
	case OpTruncate, OpReserve, OpMap:
		s += fmt.Sprintf(" %d", o.Length)
	}
	return s
}

// OpKind is a method of FS, Dir, File or a lock.
type OpKind int

// The kinds of Op.
const (
	OpMakeDir OpKind = iota
	OpOpenDir
	OpCreate
	OpOpen
	OpRename
	OpRemove
	OpList
	OpDirSync
	OpLock
	OpUnlock
	OpDirClose
	OpRead
	OpWrite
	OpSize
	OpTruncate
	OpFileSync
	OpReserve
	OpMap
	OpUnmap
	OpProtect
	OpClose
	numOpKinds
)

// String returns the method's name.
func (k OpKind) String() string {
	names := [numOpKinds]string{
		"MakeDir", "OpenDir", "Create", "Open", "Rename", "Remove", "List", "DirSync", "Lock", "Unlock", "DirClose",
		"Read", "Write", "Size", "Truncate", "FileSync", "Reserve", "Map", "Unmap", "Protect", "Close",
	}
	if k < 0 || k >= numOpKinds {
		return fmt.Sprintf("OpKind(%d)", int(k))
	}
	return names[k]
}

// PartialWrite is what a hook returns to let the first N bytes of a write
// through and fail it with Err.
type PartialWrite struct {
	N   int
	Err error
}

// Error says how far the write came.
func (p *PartialWrite) Error() string {
	return fmt.Sprintf("write stopped after %d bytes: %v", p.N, p.Err)
}

// Unwrap returns Err.
func (p *PartialWrite) Unwrap() error { return p.Err }
