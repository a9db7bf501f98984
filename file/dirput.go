package file

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io"
	"time"
)

// How many bytes are read and written at a time: at first, and of larger bodies.
const (
	firstBuffer = 32 << 10
	dirBuffer   = 256 << 10
)

// Put implements Storage.
func (s *DirStorage) Put(ctx context.Context, path string, body io.Reader, opts PutOptions) (FileStat, error) {
	err := errors.Join(checkPath(path), opts.check())
	if err != nil {
		return FileStat{}, failed("put", path, err)
	}
	stat, err := s.put(ctx, path, body, opts, time.Time{})
	return stat, failed("put", path, err)
}

// Copy implements Storage. The body is compared with its ETag on the way.
func (s *DirStorage) Copy(ctx context.Context, from, to string, conds ...Condition) (FileStat, error) {
	return copyFile(ctx, from, to, conds, s.open, func(f *openFile, opts PutOptions) (FileStat, error) {
		return s.put(ctx, to, f, opts, f.stat.Expires)
	})
}

// put writes a file under another name, and then gives it its own.
func (s *DirStorage) put(ctx context.Context, name string, body io.Reader, opts PutOptions, expires time.Time) (FileStat, error) {
	// What speaks against the file now will hardly change: it saves the upload.
	if err := s.judge(ctx, name, opts.If); err != nil {
		return FileStat{}, err
	}
	temp := s.newTemp()
	defer s.forget(temp)
	f, err := s.disk.create(temp)
	if err != nil {
		return FileStat{}, bare(err)
	}
	in := newIntake(opts, s.maxSize)
	in.from(ctx, body)
	stat, err := s.write(f, in, name, expires)
	if err = errors.Join(err, bare(f.Close())); err == nil {
		err = s.lockedChange(ctx, name, name, opts.If, func() error { return asGone(s.rename(temp, diskName(name))) })
	}
	if err != nil {
		_ = s.disk.remove(temp) // else GC does
		return FileStat{}, err
	}
	if err := s.syncDirs(diskName(name)); err != nil {
		return FileStat{}, err
	}
	return stat, nil
}

// asGone says what it means that a file is missing that was just written.
func asGone(err error) error {
	if errors.Is(bare(err), ErrNotFound) {
		return ErrGone
	}
	return err
}

// write writes the body and what is known of it, and waits for the disk.
func (s *DirStorage) write(f diskFile, in *intake, name string, expires time.Time) (FileStat, error) {
	if err := writeBody(f, in); err != nil {
		return FileStat{}, err
	}
	m := &manifest{
		size:        in.size,
		modified:    stamp(s.now()),
		contentType: in.contentType(),
		metadata:    in.opts.Metadata,
		digest:      in.digest(),
	}
	if expires.IsZero() {
		expires = deadline(m.modified, in.opts.TTL)
	}
	if _, err := f.Write(encodeTrailer(m, expires)); err != nil {
		return FileStat{}, bare(err)
	}
	return m.stat(name, expires), bare(f.Sync())
}

func writeBody(f diskFile, in *intake) error {
	buf := make([]byte, firstBuffer)
	for {
		n, err := in.fill(buf)
		if err != nil {
			return err
		}
		if n == 0 {
			return in.judge()
		}
		if _, err := f.Write(buf[:n]); err != nil {
			return bare(err)
		}
		if len(buf) < dirBuffer && n == len(buf) {
			buf = make([]byte, dirBuffer)
		}
	}
}

// newTemp returns a name for a file that is being written, which GC lets be
// until forget.
func (s *DirStorage) newTemp() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // it never fails
	temp := tempMark + hex.EncodeToString(b[:])
	s.mu.Lock()
	defer s.mu.Unlock()
	s.temps[temp] = true
	return temp
}

func (s *DirStorage) forget(temp string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.temps, temp)
}

func (s *DirStorage) isWritten(temp string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.temps[temp]
}
