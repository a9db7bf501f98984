package seglog

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"

	"github.com/cespare/xxhash/v2"

	"github.com/spcent/plumego/store/internal/record"
	"github.com/spcent/plumego/store/internal/segment"
	"github.com/spcent/plumego/store/internal/vfs"
)

// A stream is a copy of the log in one piece, for pipes and single files. It
// is the log itself, not a list of keys and values: so what is made of it has
// the same places, seqs and checksums, and every byte of it can be proved.
//
//	 0         8      12      16       24
//	┌─────────┬───────┬───────┬────────┬──────────┬────────────────────────┬───────────┐
//	│ plumestr│version│ zero  │ length │ manifest │ segments, in its order │ sum of all│
//	│         │       │       │ of the manifest   │ each as long as it says│ before    │
//	└─────────┴───────┴───────┴────────┴──────────┴────────────────────────┴───────────┘
//
// Integers are little-endian, the sum is xxhash64. The manifest is that of a
// clean log.
const (
	streamMagic   = "plumestr"
	streamVersion = 1
	streamHeader  = 24 // bytes
)

// StreamName is what a stream is called in a *segment.CorruptError.
const StreamName = "stream"

// Stream writes the copy to w. wrote is as in To. Each segment is held to its
// checksums before it is sent: a copy that Receive must refuse is of no use.
func (c Copy) Stream(w io.Writer, wrote func(int64) error) error {
	sum := xxhash.New()
	out := io.MultiWriter(w, sum)
	text := c.man.encode()
	head := make([]byte, streamHeader, streamHeader+len(text))
	copy(head, streamMagic)
	binary.LittleEndian.PutUint32(head[8:], streamVersion)
	binary.LittleEndian.PutUint64(head[16:], uint64(len(text)))
	if _, err := out.Write(append(head, text...)); err != nil {
		return err
	}
	for _, x := range c.extents {
		err := c.log.Verify(x, func(Location, record.Record) {})
		if err == nil {
			err = c.eachPiece(x, func(_ int64, b []byte) error {
				if _, err := out.Write(b); err != nil {
					return err
				}
				return wrote(int64(len(b)))
			})
		}
		if err != nil {
			return err
		}
	}
	_, err := w.Write(binary.LittleEndian.AppendUint64(nil, sum.Sum64()))
	return err
}

// receiver makes a log of a stream.
type receiver struct {
	dir   vfs.Dir
	in    io.Reader
	sum   hash.Hash64 // of what was read
	off   int64       // bytes read
	man   manifest
	files []string // created
	took  func(done, total int64) error
	done  int64
}

// Receive makes a log in an empty directory of what Stream has written,
// durably; the manifest comes last, when every byte has been read back and
// proved. took is called now and then with how many bytes of how many are
// done, each being written and read, and may end it by an error. After an
// error the directory is empty again, as far as the disk allows.
//
// A stream that is not what Stream has written, to the last byte, is a
// *segment.CorruptError of the file "stream".
func Receive(dir vfs.Dir, in io.Reader, took func(done, total int64) error) error {
	r := &receiver{dir: dir, in: in, sum: xxhash.New(), took: took}
	err := r.receive()
	if err != nil {
		for _, name := range r.files {
			err = errors.Join(err, removeIfThere(dir, name))
		}
	}
	return err
}

func (r *receiver) receive() error {
	if err := r.readManifest(); err != nil {
		return err
	}
	buf := make([]byte, copyPiece)
	for _, l := range r.man.segments {
		if err := r.file(l, buf); err != nil {
			return err
		}
	}
	if err := r.readEnd(); err != nil {
		return err
	}
	if err := r.prove(); err != nil {
		return err
	}
	if err := syncDir(r.dir); err != nil {
		return err
	}
	r.files = append(r.files, segment.ManifestName)
	return writeManifest(r.dir, &r.man)
}

// read fills b.
func (r *receiver) read(b []byte) error {
	n, err := io.ReadFull(r.in, b)
	r.off += int64(n)
	_, _ = r.sum.Write(b[:n])
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return r.corrupt("it ends too early")
	}
	return err
}

func (r *receiver) corrupt(reason string) error {
	return &segment.CorruptError{File: StreamName, Offset: r.off, Reason: reason}
}

// readManifest reads all before the segments. No more memory is taken than
// there are bytes.
func (r *receiver) readManifest() error {
	var head [streamHeader]byte
	if err := r.read(head[:]); err != nil {
		return err
	}
	length := binary.LittleEndian.Uint64(head[16:])
	switch {
	case string(head[:8]) != streamMagic, binary.LittleEndian.Uint32(head[12:]) != 0:
		return r.corrupt("it is not a stream")
	case binary.LittleEndian.Uint32(head[8:]) > streamVersion:
		return segment.ErrUnsupported
	case binary.LittleEndian.Uint32(head[8:]) != streamVersion, length > maxManifest:
		return r.corrupt("its header is damaged")
	}
	var text []byte
	for uint64(len(text)) < length {
		piece := make([]byte, min(length-uint64(len(text)), copyPiece))
		if err := r.read(piece); err != nil {
			return err
		}
		text = append(text, piece...)
	}
	var err error
	if r.man, err = decodeManifest(text); errors.Is(err, errManifest) || err == nil && !r.man.clean {
		return r.corrupt("its manifest is damaged")
	}
	return err
}

// file writes the file of a segment.
func (r *receiver) file(l listed, buf []byte) (err error) {
	name := segment.Name(l.id)
	f, err := r.dir.Create(name)
	if err != nil {
		return fmt.Errorf("create %s: %w", name, err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	r.files = append(r.files, name)
	for off := int64(0); off < l.length; {
		b := buf[:min(int64(len(buf)), l.length-off)]
		if err := r.read(b); err != nil {
			return err
		}
		if _, err := f.WriteAt(b, off); err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
		off += int64(len(b))
		if err := r.pass(int64(len(b))); err != nil {
			return err
		}
	}
	return f.Sync()
}

// readEnd reads the sum, behind which there must be nothing.
func (r *receiver) readEnd() error {
	want := r.sum.Sum64()
	var end [8]byte
	if err := r.read(end[:]); err != nil {
		return err
	}
	if binary.LittleEndian.Uint64(end[:]) != want {
		return r.corrupt("its sum does not hold")
	}
	switch n, err := io.ReadFull(r.in, end[:1]); {
	case n > 0:
		return r.corrupt("there are bytes behind its end")
	case !errors.Is(err, io.EOF):
		return err
	}
	return nil
}

// prove reads the files back and holds them to the manifest.
func (r *receiver) prove() error {
	l := New(Config{Dir: r.dir, Mode: vfs.ReadWrite})
	l.store = r.man.store
	for _, x := range r.man.segments {
		if err := l.verifyIn(r.dir, Extent{listed: x}, func(Location, record.Record) {}); err != nil {
			return err
		}
		if err := r.pass(x.length); err != nil {
			return err
		}
	}
	return nil
}

// pass says that so many bytes more are done.
func (r *receiver) pass(n int64) error {
	var total int64
	for _, l := range r.man.segments {
		total += 2 * l.length
	}
	r.done += n
	return r.took(r.done, total)
}
