package kv

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/spcent/plumego/store/internal/seglog"
	"github.com/spcent/plumego/store/internal/vfs"
)

// Backup copies the store, as it is at one moment, into the directory dir,
// which must be empty, or missing with its parent there. The copy opens as a
// store, with everything that had been acknowledged when Backup was called;
// every byte of it is on stable storage, and was read back and checked, when
// Backup returns nil. Readers and writers go on meanwhile; segments that are
// compacted stay on the disk until the copy is done.
//
// Of a store that was opened read-only it copies what that shows.
//
// Errors are ErrNotAStore if dir is no empty directory, ErrStoreClosed,
// ErrNoSpace, ErrCorrupt for a store that is damaged, that of the context, or
// wrap what the system said. After an error dir may hold part of a copy,
// which does not open.
//
// Progress makes it tell how far it is: each byte is written, and read back.
func (s *KVStore) Backup(ctx context.Context, dir string, opts ...CopyOption) error {
	e := s.engine
	deed := "back up to " + dir
	return e.copyLog(ctx, deed, opts, func(c seglog.Copy, w *copying) error {
		to, err := e.emptyDir(dir)
		if err != nil {
			return err
		}
		w.total = 2 * c.Size()
		err = c.To(to, w.pass)
		if err == nil {
			err = c.Verify(to, w.pass)
		}
		return errors.Join(err, to.Close())
	})
}

// copyLog has use copy the log as it is now.
func (e *engine) copyLog(ctx context.Context, deed string, opts []CopyOption, use func(seglog.Copy, *copying) error) error {
	if err := e.begin(); err != nil {
		return err
	}
	defer e.work.Done()
	e.mu.Lock()
	c, release := e.log.Copy(), e.log.Pin()
	e.mu.Unlock()
	err := use(c, newCopying(func() error { return e.proceed(ctx) }, opts))
	return e.public(deed, errors.Join(err, release()))
}

// emptyDir opens a directory that is empty, and makes it if need be.
func (e *engine) emptyDir(path string) (vfs.Dir, error) {
	if e.opts.fs != nil {
		return emptyDir(e.opts.fs, path)
	}
	return emptyDir(vfs.OS{}, path)
}

func emptyDir(fsys vfs.FS, path string) (vfs.Dir, error) {
	if err := fsys.MakeDir(path); errors.Is(err, fs.ErrNotExist) {
		return nil, errNoParent
	} else if err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	dir, err := fsys.OpenDir(path)
	if err != nil {
		return nil, err
	}
	names, err := dir.List()
	if err == nil && len(names) > 0 {
		err = fmt.Errorf("%w: the directory is not empty", seglog.ErrNotAStore)
	}
	if err != nil {
		return nil, errors.Join(err, dir.Close())
	}
	return dir, nil
}
