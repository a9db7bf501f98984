package vfs

import (
	"io/fs"
	"maps"
	"slices"
	"sync"
)

// folder is the names of a directory on the heap.
type folder struct {
	mu    sync.RWMutex // protects names
	names map[string]*blob
}

func newFolder() *folder { return &folder{names: map[string]*blob{}} }

// find returns nil for a missing name.
func (f *folder) find(name string) *blob {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.names[name]
}

func (f *folder) create(name string) (*blob, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.names[name] != nil {
		return nil, fs.ErrExist
	}
	b := new(blob)
	f.names[name] = b
	return b, nil
}

func (f *folder) findOrCreate(name string) *blob {
	f.mu.Lock()
	defer f.mu.Unlock()
	b := f.names[name]
	if b == nil {
		b = new(blob)
		f.names[name] = b
	}
	return b
}

func (f *folder) rename(oldName, newName string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	b := f.names[oldName]
	if b == nil {
		return fs.ErrNotExist
	}
	delete(f.names, oldName)
	f.names[newName] = b
	return nil
}

func (f *folder) remove(name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.names[name] == nil {
		return fs.ErrNotExist
	}
	delete(f.names, name)
	return nil
}

func (f *folder) list() []string {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return slices.Sorted(maps.Keys(f.names))
}

// table returns a copy of the names.
func (f *folder) table() map[string]*blob {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return maps.Clone(f.names)
}
