package vfs

import (
	"io"
	"io/fs"
	"path/filepath"
	"sync"
	"sync/atomic"
)

// Mem is a file system on the heap, for a store that need not outlive its
// process. A mapping of a file is the file's own memory, and memory that was
// reserved or mapped but never touched costs no page. While a file is mapped
// it cannot become longer than the longest mapping was.
//
// Safe for concurrent use, as FS, Dir and File say.
type Mem struct {
	mu   sync.RWMutex // protects dirs
	dirs map[string]*folder
}

// NewMem returns a file system without a directory.
func NewMem() *Mem { return &Mem{dirs: map[string]*folder{}} }

// OpenDir opens a directory that MakeDir made.
func (m *Mem) OpenDir(path string) (Dir, error) {
	d, err := m.openDir(path)
	if err != nil {
		return nil, err
	}
	return d, nil
}

func (m *Mem) openDir(path string) (*memDir, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	f, err := m.find(filepath.Clean(path))
	if err != nil {
		return nil, fail("open", path, err)
	}
	return &memDir{folder: f}, nil
}

func (m *Mem) find(path string) (*folder, error) {
	if f := m.dirs[path]; f != nil {
		return f, nil
	}
	if parent := m.dirs[filepath.Dir(path)]; parent != nil && parent.find(filepath.Base(path)) != nil {
		return nil, ErrNotDir
	}
	return nil, fs.ErrNotExist
}

// MakeDir creates a directory. Any path will do: a Mem has no tree, and
// every parent counts as existing.
func (m *Mem) MakeDir(path string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	path = filepath.Clean(path)
	if _, err := m.find(path); err != fs.ErrNotExist {
		return fail("mkdir", path, fs.ErrExist)
	}
	m.dirs[path] = newFolder()
	return nil
}

// memDir is an open directory of a Mem.
type memDir struct {
	*folder
	closed atomic.Bool
}

// check says whether the handle and the name can be used.
func (d *memDir) check(op, name string) error {
	if d.closed.Load() {
		return fail(op, name, fs.ErrClosed)
	}
	return checkName(op, name)
}

// Create makes a new empty file.
func (d *memDir) Create(name string) (File, error) {
	f, err := d.create(name)
	if err != nil {
		return nil, err
	}
	return f, nil
}

func (d *memDir) create(name string) (*memFile, error) {
	if err := d.check("create", name); err != nil {
		return nil, err
	}
	b, err := d.folder.create(name)
	if err != nil {
		return nil, fail("create", name, err)
	}
	return &memFile{blob: b, name: name, mode: ReadWrite}, nil
}

// Open opens an existing file.
func (d *memDir) Open(name string, mode Mode) (File, error) {
	f, err := d.open(name, mode)
	if err != nil {
		return nil, err
	}
	return f, nil
}

func (d *memDir) open(name string, mode Mode) (*memFile, error) {
	if err := d.check("open", name); err != nil {
		return nil, err
	}
	b := d.find(name)
	if b == nil {
		return nil, fail("open", name, fs.ErrNotExist)
	}
	return &memFile{blob: b, name: name, mode: mode}, nil
}

// Rename replaces newName by oldName.
func (d *memDir) Rename(oldName, newName string) error {
	if err := d.check("rename", oldName); err != nil {
		return err
	}
	if err := checkName("rename", newName); err != nil {
		return err
	}
	if err := d.rename(oldName, newName); err != nil {
		return fail("rename", oldName, err)
	}
	return nil
}

// Remove unlinks a file. Open handles keep it alive.
func (d *memDir) Remove(name string) error {
	if err := d.check("remove", name); err != nil {
		return err
	}
	if err := d.remove(name); err != nil {
		return fail("remove", name, err)
	}
	return nil
}

// List returns the sorted names.
func (d *memDir) List() ([]string, error) {
	if d.closed.Load() {
		return nil, fail("list", ".", fs.ErrClosed)
	}
	return d.list(), nil
}

// Sync does nothing.
func (d *memDir) Sync() error {
	if d.closed.Load() {
		return fail("sync", ".", fs.ErrClosed)
	}
	return nil
}

// Lock takes the lock within this process.
func (d *memDir) Lock(name string) (io.Closer, error) {
	if err := d.check("lock", name); err != nil {
		return nil, err
	}
	b := d.findOrCreate(name)
	if err := b.lock(); err != nil {
		return nil, fail("lock", name, err)
	}
	return &memLock{blob: b, name: name}, nil
}

// Close lets go of the directory.
func (d *memDir) Close() error {
	if d.closed.Swap(true) {
		return fail("close", ".", fs.ErrClosed)
	}
	return nil
}

// memLock holds the lock of a blob.
type memLock struct {
	blob     *blob
	name     string
	released atomic.Bool
}

// Close lets go of the lock.
func (l *memLock) Close() error {
	if l.released.Swap(true) {
		return fail("unlock", l.name, fs.ErrClosed)
	}
	l.blob.unlock()
	return nil
}
