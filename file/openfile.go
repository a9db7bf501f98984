package file

import (
	"context"
	"fmt"
	"io"
	"maps"
	"sync"
	"sync/atomic"
)

// openFile is a File over a body.
type openFile struct {
	ctx     context.Context
	stat    FileStat
	body    body
	release func() error
	closed  atomic.Bool

	mu sync.Mutex
	// protects the fields below
	pos int64
}

// body gives the bytes of a file, for many goroutines at once.
type body interface {
	// read reads from off on into p, at least one byte. p is not empty, and
	// off is less than the size.
	read(ctx context.Context, p []byte, off int64) (int, error)
}

func newOpenFile(ctx context.Context, stat FileStat, body body, release func() error) *openFile {
	return &openFile{ctx: ctx, stat: stat, body: body, release: release}
}

// Stat implements File.
func (f *openFile) Stat() FileStat {
	stat := f.stat
	stat.Metadata = maps.Clone(stat.Metadata)
	return stat
}

// Read implements io.Reader. It returns at most what is left of one chunk.
func (f *openFile) Read(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	n, err := f.readSome(p, f.pos)
	f.pos += int64(n)
	return n, f.failed(err)
}

// ReadAt implements io.ReaderAt.
func (f *openFile) ReadAt(p []byte, off int64) (n int, err error) {
	if off < 0 {
		return 0, f.failed(fmt.Errorf("%w: a negative offset", ErrInvalidOption))
	}
	for n < len(p) && err == nil {
		var more int
		more, err = f.readSome(p[n:], off+int64(n))
		n += more
	}
	if len(p) == 0 && f.closed.Load() {
		err = ErrClosed
	}
	return n, f.failed(err)
}

// readSome reads some bytes, or io.EOF. Of an empty p it reads nothing.
func (f *openFile) readSome(p []byte, off int64) (int, error) {
	switch err := f.ctx.Err(); {
	case f.closed.Load():
		return 0, ErrClosed
	case err != nil:
		return 0, err
	case len(p) == 0:
		return 0, nil
	case off >= f.stat.Size:
		return 0, io.EOF
	}
	return f.body.read(f.ctx, p[:min(int64(len(p)), f.stat.Size-off)], off)
}

// Seek implements io.Seeker. To seek behind the end is no error; reads are
// io.EOF there.
func (f *openFile) Seek(offset int64, whence int) (int64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	base, ok := map[int]int64{io.SeekStart: 0, io.SeekCurrent: f.pos, io.SeekEnd: f.stat.Size}[whence]
	switch {
	case f.closed.Load():
		return 0, f.failed(ErrClosed)
	case !ok || base+offset < 0:
		return 0, f.failed(fmt.Errorf("%w: seek", ErrInvalidOption))
	}
	f.pos = base + offset
	return f.pos, nil
}

// Close implements io.Closer. To close again is ErrClosed.
func (f *openFile) Close() error {
	if f.closed.Swap(true) {
		return f.failed(ErrClosed)
	}
	return f.release()
}

// failed returns err as an *Error, but for io.EOF, which readers compare.
func (f *openFile) failed(err error) error {
	if err == io.EOF {
		return err
	}
	return failed("read", f.stat.Path, err)
}
