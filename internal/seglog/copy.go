package seglog

import (
	"errors"
	"fmt"
	"io"

	"github.com/spcent/plumego/store/internal/record"
	"github.com/spcent/plumego/store/internal/segment"
	"github.com/spcent/plumego/store/internal/vfs"
)

// Copy is the log as it stood at one moment, to be written elsewhere while it
// goes on. The segments must stay pinned until that is done.
type Copy struct {
	log     *Log
	extents []Extent
	man     manifest
}

// Copy returns the log as it stands now. It belongs to the writer.
func (l *Log) Copy() Copy {
	c := Copy{log: l, extents: l.Extents(), man: l.man.Load().clone()}
	c.man.segments = nil
	for _, x := range c.extents {
		c.man.segments = append(c.man.segments, x.listed)
	}
	c.man.clean, c.man.seq = true, l.seq
	c.man.time = max(c.man.time, l.Now())
	return c
}

// To writes the copy into an empty directory, durably; the manifest comes
// last, so that what is incomplete is no store. wrote is called with the
// bytes written since it was last called, and may end the copy by an error.
func (c Copy) To(dir vfs.Dir, wrote func(int64) error) error {
	for _, x := range c.extents {
		if err := c.copyFile(dir, x, wrote); err != nil {
			return fmt.Errorf("copy %s: %w", segment.Name(x.id), err)
		}
	}
	if err := syncDir(dir); err != nil {
		return err
	}
	return writeManifest(dir, &c.man)
}

// copyFile copies the bytes of an extent.
func (c Copy) copyFile(dir vfs.Dir, x Extent, wrote func(int64) error) (err error) {
	to, err := dir.Create(segment.Name(x.id))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	err = c.eachPiece(x, func(off int64, b []byte) error {
		if _, err := to.WriteAt(b, off); err != nil {
			return err
		}
		return wrote(int64(len(b)))
	})
	if err != nil {
		return err
	}
	return to.Sync()
}

// eachPiece calls visit with the bytes of an extent, a piece at a time. They
// are valid until visit returns.
func (c Copy) eachPiece(x Extent, visit func(off int64, b []byte) error) (err error) {
	from, err := c.log.source(x)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	buf := make([]byte, min(x.length, copyPiece))
	for off := int64(0); off < x.length; {
		b := buf[:min(int64(len(buf)), x.length-off)]
		switch n, err := from.ReadAt(b, off); {
		case n == len(b):
		case errors.Is(err, io.EOF):
			return &segment.CorruptError{File: segment.Name(x.id), Offset: off + int64(n), Reason: "file is shorter than the manifest says"}
		default:
			return fmt.Errorf("read %s at offset %d: %w", segment.Name(x.id), off, err)
		}
		if err := visit(off, b); err != nil {
			return err
		}
		off += int64(len(b))
	}
	return nil
}

// copyPiece is how many bytes are copied at a time.
const copyPiece = 1 << 20

// Size returns how many bytes the segments have.
func (c Copy) Size() (n int64) {
	for _, x := range c.extents {
		n += x.length
	}
	return n
}

// Verify reads what To has written and holds every byte to its checksums.
// read is called with the bytes of each file when it was read, and may end it
// by an error.
func (c Copy) Verify(dir vfs.Dir, read func(int64) error) error {
	for _, x := range c.extents {
		if err := c.log.verifyIn(dir, x, func(Location, record.Record) {}); err != nil {
			return err
		}
		if err := read(x.length); err != nil {
			return err
		}
	}
	return nil
}
