package file

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"path"
	"sync"
	"time"
)

// DirOptions are those of NewDirStorage. The zero value is a good choice.
type DirOptions struct {
	MaxSize int64            // of a body, in bytes; 0: no bound
	Now     func() time.Time // nil: the system's clock
}

// DirStorage is a Storage in a directory: a plain file for each, which begins
// with the body and ends with what is known of it. It is the choice for large
// bodies: each byte is written once, and read from the disk without a copy
// beside it.
//
// A file is written under another name, synced, given its name, and the
// directory is synced; then Put returns. If an error comes from the last step
// the file is old or new, and may be old again after a loss of power.
//
// Body bytes are not checked when they are read. What is known of a file is, and
// that the body is as long as it says; Verify and Copy compare the body with its
// ETag. One DirStorage at a time may use a directory: conditions are judged
// under its locks, and GC removes what others have begun to write.
//
// Expiry goes by the clock: where that is set back, a file that had expired and
// was not collected is there again.
//
// Reading beside Replace, Delete and Move is for systems that let go of the name
// of an open file, which Windows does not always. Windows cannot sync
// directories either, so there a loss of power may take the newest changes.
type DirStorage struct {
	disk    disk
	maxSize int64
	now     func() time.Time
	locks   [64]sync.Mutex // on the names whose hash they are the number of

	mu sync.Mutex
	// protects the fields below
	temps map[string]bool // that are being written
}

var _ Storage = (*DirStorage)(nil)

// NewDirStorage returns the storage in a directory, which is made if its parent
// is there. An error of the system does not contain the path. Run GC once at
// the start to remove what a crash has left.
func NewDirStorage(dir string, opts DirOptions) (*DirStorage, error) {
	if opts.MaxSize < 0 {
		return nil, fmt.Errorf("%w: MaxSize", ErrInvalidOption)
	}
	d, err := openRoot(dir)
	if err != nil {
		return nil, failed("open", "", err)
	}
	return newDirStorage(d, opts), nil
}

func newDirStorage(d disk, opts DirOptions) *DirStorage {
	return &DirStorage{disk: d, maxSize: opts.MaxSize, now: orSystem(opts.Now), temps: make(map[string]bool)}
}

// Close lets go of the directory. Later calls are ErrClosed; open files stay
// open.
func (s *DirStorage) Close() error { return failed("close", "", bare(s.disk.close())) }

// Get implements Storage. It opens the file and reads its end.
func (s *DirStorage) Get(ctx context.Context, path string) (File, error) {
	f, err := s.open(ctx, path)
	if err != nil {
		return nil, failed("get", path, err)
	}
	return f, nil
}

// Stat implements Storage. It opens the file and reads its end.
func (s *DirStorage) Stat(ctx context.Context, path string) (FileStat, error) {
	stat, err := s.stat(ctx, path)
	return stat, failed("stat", path, err)
}

// Exists implements Storage. A damaged file exists.
func (s *DirStorage) Exists(ctx context.Context, path string) (bool, error) {
	_, err := s.stat(ctx, path)
	switch {
	case errors.Is(err, ErrNotFound):
		return false, nil
	case err == nil, errors.Is(err, ErrCorrupt):
		return true, nil
	}
	return false, failed("exists", path, err)
}

func (s *DirStorage) stat(ctx context.Context, path string) (FileStat, error) {
	f, err := s.open(ctx, path)
	if err != nil {
		return FileStat{}, err
	}
	return f.stat, bare(f.release())
}

// open opens a file that has not expired.
func (s *DirStorage) open(ctx context.Context, path string) (*openFile, error) {
	err := checkPath(path)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return nil, err
	}
	f, err := s.disk.open(diskName(path))
	if err != nil {
		return nil, bare(err)
	}
	m, expires, err := readTrailer(f)
	if err == nil && !expires.IsZero() && !s.now().Before(expires) {
		err = ErrNotFound
	}
	if err != nil {
		return nil, errors.Join(err, bare(f.Close()))
	}
	return newOpenFile(ctx, m.stat(path, expires), fileBody{f}, f.Close), nil
}

// fileBody is a body in a file on disk.
type fileBody struct{ f diskFile }

func (b fileBody) read(_ context.Context, p []byte, off int64) (int, error) {
	n, err := b.f.ReadAt(p, off)
	switch {
	case n > 0:
		return n, nil
	case err == nil, isEOF(err):
		return 0, ErrCorrupt // somebody else has cut the file
	}
	return 0, bare(err)
}

// Delete implements Storage. It syncs the directory though the file be missing:
// that may be the doing of a Delete that has failed.
func (s *DirStorage) Delete(ctx context.Context, name string, conds ...Condition) error {
	cond, err := all(conds)
	if err == nil {
		err = s.change(ctx, name, name, cond, func() error { return unlessMissing(s.disk.remove(diskName(name))) })
	}
	return failed("delete", name, err)
}

// unlessMissing returns err unless it says that something is missing.
func unlessMissing(err error) error {
	if err = bare(err); errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}

// Move implements Storage. It renames one file.
func (s *DirStorage) Move(ctx context.Context, from, to string, conds ...Condition) (stat FileStat, err error) {
	cond, err := all(conds)
	if err == nil {
		err = checkPaths(from, to)
	}
	if err == nil {
		err = s.change(ctx, from, to, cond, func() error {
			if stat, err = s.stat(ctx, from); err != nil || from == to {
				return err
			}
			return s.rename(diskName(from), diskName(to))
		})
	}
	if err != nil {
		return FileStat{}, failed("move", from, err)
	}
	stat.Path = to
	return stat, nil
}

// change does something to the names from and to, if there is at to what cond
// says, and syncs their directories.
func (s *DirStorage) change(ctx context.Context, from, to string, cond Condition, do func() error) error {
	if err := s.lockedChange(ctx, from, to, cond, do); err != nil {
		return err
	}
	return s.syncDirs(diskName(to), diskName(from))
}

func (s *DirStorage) lockedChange(ctx context.Context, from, to string, cond Condition, do func() error) error {
	defer s.lock(from, to)()
	if err := s.judge(ctx, to, cond); err != nil {
		return err
	}
	return bare(do())
}

// lock keeps others from changing names until the function that it returns is
// called. It locks in one order, whatever the names.
func (s *DirStorage) lock(a, b string) (unlock func()) {
	i, j := s.stripe(a), s.stripe(b)
	i, j = min(i, j), max(i, j)
	s.locks[i].Lock()
	if i == j {
		return s.locks[i].Unlock
	}
	s.locks[j].Lock()
	return func() {
		s.locks[j].Unlock()
		s.locks[i].Unlock()
	}
}

func (s *DirStorage) stripe(name string) int {
	h := fnv.New32a()
	_, _ = h.Write([]byte(name)) // it never fails
	return int(h.Sum32() % uint32(len(s.locks)))
}

// judge returns what speaks against a change of the file at name.
func (s *DirStorage) judge(ctx context.Context, name string, cond Condition) error {
	if err := checkPath(name); err != nil || !cond.asks() {
		return errors.Join(err, ctx.Err())
	}
	stat, err := s.stat(ctx, name)
	switch {
	case err == nil:
		return cond.judge(stat.ETag)
	case errors.Is(err, ErrNotFound):
		return cond.judge("")
	case errors.Is(err, ErrCorrupt):
		return cond.judge("damaged") // it is there, and like no other
	}
	return err
}

// rename gives a file on disk another name, in a directory that is made if need
// be.
func (s *DirStorage) rename(from, to string) error {
	err := s.disk.rename(from, to)
	if dir := path.Dir(to); errors.Is(bare(err), ErrNotFound) && dir != "." {
		if err = s.makeDirs(dir); err == nil {
			err = s.disk.rename(from, to)
		}
	}
	return err
}

func (s *DirStorage) makeDirs(dir string) error {
	if dir == "." {
		return nil
	}
	if err := s.makeDirs(path.Dir(dir)); err != nil {
		return err
	}
	err := s.disk.mkdir(dir)
	if isExist(err) {
		return nil
	}
	return err
}

// syncDirs syncs the directories of files, up to the root: a directory that was
// made may be another's, who has not synced it yet.
func (s *DirStorage) syncDirs(names ...string) error {
	done := map[string]bool{}
	for _, name := range names {
		for dir := path.Dir(name); !done[dir]; dir = path.Dir(dir) {
			if err := unlessMissing(s.disk.syncDir(dir)); err != nil {
				return err
			}
			done[dir] = true
		}
	}
	return nil
}
