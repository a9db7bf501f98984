package vfs

import (
	"fmt"
	"os"
	"path/filepath"
)

// OS is the operating system's own file system. A power loss is survived on
// local file systems of the unix family; on windows, where a directory
// cannot be synced, the names of new files depend on the file system's
// journal.
type OS struct{}

const (
	fileMode = 0o600
	dirMode  = 0o700
)

// OpenDir opens an existing directory, or one behind a symbolic link.
func (OS) OpenDir(path string) (Dir, error) {
	d, err := openDir(path)
	if err != nil {
		return nil, err
	}
	return d, nil
}

// openDir looks before it opens, because opening a pipe would wait for the
// other end.
func openDir(path string) (*osDir, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, translate(err)
	}
	if !info.IsDir() {
		return nil, fail("open", path, ErrNotDir)
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, translate(err)
	}
	self, err := root.Open(".")
	if err != nil {
		root.Close()
		return nil, translate(err)
	}
	return &osDir{root: root, self: self}, nil
}

// MakeDir creates one directory in an existing one. If its name cannot be
// made durable it is taken away again: a second try would find it there and
// believe that it was.
func (OS) MakeDir(path string) error {
	path = filepath.Clean(path)
	parent, err := openDir(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer parent.Close()
	name := filepath.Base(path)
	if err := parent.root.Mkdir(name, dirMode); err != nil {
		return translate(err)
	}
	if err := parent.Sync(); err != nil {
		parent.root.Remove(name)
		return fmt.Errorf("make the name of %s durable: %w", path, err)
	}
	return nil
}
