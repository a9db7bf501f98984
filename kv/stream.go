package kv

import (
	"context"
	"errors"
	"io"

	"github.com/spcent/plumego/store/internal/seglog"
	"github.com/spcent/plumego/store/internal/segment"
	"github.com/spcent/plumego/store/internal/vfs"
)

// WriteTo writes the store, as it is at one moment, to w: what Backup would
// put into a directory in one stream, for a pipe or a single file. Restore
// makes a store of it. It returns how many bytes it has written. Each segment is
// checked before it is sent, so it is read twice.
//
// Readers and writers go on meanwhile, however slowly w takes the stream, but
// segments that are compacted stay on the disk until then. Errors are those of
// Backup, or w's.
func (s *KVStore) WriteTo(w io.Writer) (int64, error) {
	return s.BackupTo(context.Background(), w)
}

// BackupTo is WriteTo with a context and options.
func (s *KVStore) BackupTo(ctx context.Context, w io.Writer, opts ...CopyOption) (int64, error) {
	counted := &countingWriter{w: w}
	err := s.engine.copyLog(ctx, "write a backup", opts, func(c seglog.Copy, w *copying) error {
		w.total = c.Size()
		return c.Stream(counted, w.pass)
	})
	return counted.n, err
}

// countingWriter counts the bytes that a writer took.
type countingWriter struct {
	w io.Writer
	n int64
}

// Write passes b on.
func (c *countingWriter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n += int64(n)
	return n, err
}

// Restore makes a store in the directory dir, which must be empty, or missing
// with its parent there, of a stream that WriteTo has written, and reads r to
// its end. The store has the same keys, values, deadlines and versions, and is
// on stable storage, and was read back and checked, when Restore returns nil.
//
// It keeps no more than a few MiB in memory. A stream that was cut or changed
// anywhere is ErrCorrupt, with the offset in it, one of a newer version
// ErrUnsupportedVersion. Other errors are ErrNotAStore if dir is no empty
// directory, ErrInvalidOptions if its parent is missing, ErrNoSpace, that of
// the context or of r, or wrap what the system said. After an error there is
// no store in dir.
func Restore(ctx context.Context, r io.Reader, dir string, opts ...CopyOption) error {
	c := newCopying(ctx.Err, opts)
	e := &engine{opts: Options{DataDir: dir}} // knows how to say errors
	if c.fs == nil {
		c.fs = vfs.OS{}
	}
	if err := ctx.Err(); err != nil {
		return e.public("restore "+dir, err)
	}
	to, err := emptyDir(c.fs, dir)
	if err != nil {
		return e.public("restore "+dir, err)
	}
	err = errors.Join(seglog.Receive(to, r, c.reach), to.Close())
	var damage *segment.CorruptError
	if errors.As(err, &damage) && damage.File == seglog.StreamName {
		return &CorruptError{damage.File, damage.Offset, damage.Reason} // no file of the store's
	}
	return e.public("restore "+dir, err)
}
