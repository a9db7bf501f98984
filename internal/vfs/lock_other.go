//go:build !darwin && !dragonfly && !freebsd && !linux && !netbsd && !openbsd && !windows

package vfs

import (
	"errors"
	"io"
	"io/fs"
)

// lock excludes nobody: there is no lock here that the death of its holder
// would release. The owner must see to it that a store is opened once.
func (d *osDir) lock(name string) (io.Closer, error) {
	f, err := d.open(name, ReadOnly)
	if errors.Is(err, fs.ErrNotExist) {
		f, err = d.create(name)
	}
	if err != nil {
		return nil, err
	}
	return f, nil
}
