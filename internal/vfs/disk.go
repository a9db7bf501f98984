package vfs

import (
	"fmt"
	"path/filepath"
	"sync"
)

// Disk is a file system for crash and fault tests: a Mem that knows which
// bytes and which names have reached stable storage, that draws images of
// itself as a power loss would leave it, and that lets a hook fail any call.
//
// Contents are compared with what is durable only when an image is drawn, by
// sectors of 512 bytes, so stores through a mapping count without being
// seen. A file's bytes and length become durable by File.Sync, its name by
// Dir.Sync, a directory at once.
//
// Safe for concurrent use, as FS, Dir and File say.
type Disk struct {
	// Placement is what Reserve reports: ByMapping on a new Disk. Set it
	// before the first use.
	Placement Placement
	// NoMap makes Map return errors.ErrUnsupported. Set it before the first
	// use.
	NoMap bool

	mem *Mem // what the running process sees

	// mu protects the fields below, and is held while a name or a length
	// changes. It is not held while the hook runs.
	mu       sync.Mutex
	names    map[*folder]*names
	capacity int64 // bytes; 0 is unlimited
	hook     func(Op) error
	ops      int64
}

// NewDisk returns an empty disk without a directory.
func NewDisk() *Disk {
	return &Disk{
		Placement: ByMapping,
		mem:       NewMem(),
		names:     map[*folder]*names{},
	}
}

// SetHook has fn called before every call on the disk, its directories, files
// and locks. An error fails that call with no effect, with these exceptions:
//
//   - A *PartialWrite returned for OpWrite lets that many bytes through.
//   - A failed OpFileSync loses for ever what it should have made durable:
//     later contents of those sectors can be read, but never become durable
//     in this file, whatever later syncs say. Kernels do just so.
//   - A failed OpClose, OpDirClose or OpUnlock lets go all the same, as
//     close(2) does.
//
// The hook may draw images. It is called on the goroutine that made the
// call, and so perhaps by several at once. Nil takes it away.
func (d *Disk) SetHook(fn func(op Op) error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.hook = fn
}

// SetCapacity limits the sum of the lengths of all files that have a name. A
// write that does not fit writes what does; whatever else would make a file
// longer or new fails with ErrNoSpace. 0 is unlimited.
func (d *Disk) SetCapacity(bytes int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.capacity = bytes
}

// Ops returns how many calls were made. Within the hook the current one is
// counted.
func (d *Disk) Ops() int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.ops
}

// begin counts a call and asks the hook.
func (d *Disk) begin(op Op) error {
	d.mu.Lock()
	d.ops++
	hook := d.hook
	d.mu.Unlock()
	if hook == nil {
		return nil
	}
	return hook(op)
}

// MakeDir creates a directory, durable at once. Any path will do.
func (d *Disk) MakeDir(path string) error {
	path = filepath.Clean(path)
	if err := d.begin(Op{Kind: OpMakeDir, Dir: path}); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.mem.MakeDir(path); err != nil {
		return err
	}
	d.names[d.mem.dirs[path]] = newNames()
	return nil
}

// OpenDir opens a directory that MakeDir made.
func (d *Disk) OpenDir(path string) (Dir, error) {
	path = filepath.Clean(path)
	if err := d.begin(Op{Kind: OpOpenDir, Dir: path}); err != nil {
		return nil, err
	}
	dir, err := d.mem.openDir(path)
	if err != nil {
		return nil, err
	}
	return &diskDir{memDir: dir, disk: d, path: path}, nil
}

// fit returns the greatest length up to want that a file of that size may
// have.
func (d *Disk) fit(size, want int64) int64 {
	if d.capacity == 0 || want <= size {
		return want
	}
	return min(want, size+max(0, d.capacity-d.usedBytes()))
}

// full reports whether there is no room for another file.
func (d *Disk) full() bool {
	return d.capacity > 0 && d.usedBytes() >= d.capacity
}

func (d *Disk) usedBytes() int64 {
	var sum int64
	for f := range d.names {
		for _, b := range f.table() {
			sum += b.size()
		}
	}
	return sum
}

// folder returns the directory at that path, for the methods that tests use
// beside FS.
func (d *Disk) folder(path string) (*folder, error) {
	dir, err := d.mem.openDir(path)
	if err != nil {
		return nil, fmt.Errorf("disk: %w", err)
	}
	return dir.folder, nil
}
