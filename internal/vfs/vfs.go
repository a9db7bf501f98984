// Package vfs is the operating system as the store uses it: one directory
// of flat files, their mappings, their syncs and one lock.
//
// Everything above this package reaches the disk through FS, Dir and File,
// so that a test can lose what was not synced, tear a sector, or fail the
// k-th call. OS is the real thing; Mem keeps files on the heap; Disk, for
// tests, is Mem with a memory of what has reached stable storage.
//
// Errors keep the cause: errors.Is matches fs.ErrNotExist, fs.ErrExist,
// fs.ErrPermission, ErrNoSpace and ErrLocked whatever the platform.
package vfs

import (
	"errors"
	"io"
)

// Errors that the platforms spell differently.
var (
	// ErrNoSpace says that the device or the quota is full.
	ErrNoSpace = errors.New("no space left on device")
	// ErrLocked says that another open store holds the lock.
	ErrLocked = errors.New("locked by another process or handle")
	// ErrNotDir says that the path names something other than a directory.
	ErrNotDir = errors.New("not a directory")
	// ErrUnsafeFile says that a name is a link, a device, or has a second
	// hard link: not a file that a store made and owns alone.
	ErrUnsafeFile = errors.New("not a regular file with one link")
)

// FS opens directories.
type FS interface {
	// OpenDir opens an existing directory. A missing one is fs.ErrNotExist,
	// anything else at that path is ErrNotDir.
	OpenDir(path string) (Dir, error)
	// MakeDir creates one directory with mode 0700 and makes its entry in
	// the parent durable. The parent must exist.
	MakeDir(path string) error
}

// Mode says what an opened file is for.
type Mode int

// The modes of Dir.Open and File.Map.
const (
	ReadOnly Mode = iota
	ReadWrite
)

// Dir is an open directory. Names are flat: no separators. A Dir keeps
// working when the directory is renamed. Safe for concurrent use.
type Dir interface {
	// Create makes a new empty file, mode 0600, for reading and writing.
	// An existing name is fs.ErrExist.
	Create(name string) (File, error)
	// Open opens an existing regular file. Links are ErrUnsafeFile.
	Open(name string, mode Mode) (File, error)
	// Rename replaces newName by oldName, atomically.
	Rename(oldName, newName string) error
	// Remove unlinks a file.
	Remove(name string) error
	// List returns the names in the directory, sorted.
	List() ([]string, error)
	// Sync makes creations, renames and removals durable. On platforms
	// that cannot sync a directory it does nothing.
	Sync() error
	// Lock takes the lock file of that name without waiting, and creates
	// it. A conflict, also within this process, is ErrLocked. Closing the
	// result lets go; the file is never removed.
	Lock(name string) (io.Closer, error)
	// Close lets go of the directory; open files stay open.
	Close() error
}

// File is an open file. ReadAt, Map'd bytes and Sync may be used beside one
// writer; WriteAt, Truncate and Reserve belong to that one writer.
type File interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	// Size returns the length of the file in bytes.
	Size() (int64, error)
	// Truncate sets the length of the file.
	Truncate(size int64) error
	// Sync makes the contents and the length durable, mapped stores
	// included. Whether the directory knows the name is Dir.Sync's affair.
	Sync() error
	// Reserve makes the file at least size bytes long, the new bytes zero,
	// with room on the device for all of them, so that later writes within
	// size cannot run out of space: it is the one place to meet ErrNoSpace.
	// Placement says whether stores through a mapping are covered too.
	// A file that was not extended is left as it was.
	Reserve(size int64) (Placement, error)
	// Map maps the first length bytes, which may lie beyond the end of the
	// file: touching those faults until Reserve has covered them. Writes
	// through WriteAt show in the mapping. errors.ErrUnsupported where the
	// platform has no such mappings.
	Map(length int64, mode Mode) ([]byte, error)
	// Unmap ends a mapping made by Map. The bytes must not be used again.
	Unmap(b []byte) error
	// Prefault makes the pages of a part of a ReadWrite mapping writable,
	// so that the first store into each need not fault. It is a wish: where
	// it cannot be granted nothing happens. The part must lie in reserved
	// room. It may run beside the writer.
	Prefault(b []byte)
	// Protect makes a ReadWrite mapping read-only in place.
	Protect(b []byte) error
}

// Placement says how bytes may be put into reserved room.
type Placement int

// The answers of File.Reserve.
const (
	// ByCall: the room may be virtual (copy-on-write or unknown file
	// systems); only WriteAt reports failure.
	ByCall Placement = iota
	// ByMapping: the blocks are allocated, so a store through a mapping
	// cannot fault for want of space and belongs to the kernel at once.
	ByMapping
)
