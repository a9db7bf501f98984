package seglog

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/cespare/xxhash/v2"

	"github.com/spcent/plumego/store/internal/segment"
	"github.com/spcent/plumego/store/internal/vfs"
)

// A clean store may have an image of its owner's index, so that opening it
// reads no record. It is a cache. It is bound to one manifest, and so to the
// length and chain of every segment; one that is missing, of another manifest
// or version, or damaged anywhere is not used, and the log is read instead.
// It is therefore never synced, and removed when the manifest changes.
//
//	 0         8      12      16      24         32       64      72      80      88     120    128
//	┌─────────┬───────┬───────┬───────┬──────────┬────────┬───────┬───────┬───────┬──────┬─────┐
//	│ plumeidx│version│ zero  │ store │ sum of   │ secret │ offset│ length│ sum   │ zero │ sum │  header
//	│         │       │       │       │ manifest │        │ of the directory      │      │     │
//	├─────────┴───────┴───────┴───────┴──────────┴────────┴───────┴───────┴───────┴──────┴─────┤
//	│ pieces, one behind the other                                                             │
//	├──────────────────────────────────────────────────────────────────────────────────────────┤
//	│ directory: number of segments, and for each: dead, stale, latest, last, count, hint      │
//	│            for each piece: part 32 │ count 32 │ offset │ length │ sum                    │
//	└──────────────────────────────────────────────────────────────────────────────────────────┘
//
// Integers are little-endian and have 64 bits where nothing else is said; sums
// are xxhash64. What the pieces say is package keydir's. The header is written
// last.
const (
	imageMagic   = "plumeidx"
	imageVersion = 1

	imageHeader = 128 // bytes
	imageMember = 48  // bytes of the directory for a segment
	imagePiece  = 32  // and for a piece

	maxPiece     = 1 << 20  // bytes
	maxDirectory = 64 << 20 // bytes; over a hundred GiB of pieces
)

// errNoImage says that an image is not to be used, and why does not matter.
var errNoImage = errors.New("no image of the index")

// Image is an open image that belongs to the log's manifest and was found to
// be whole. Its methods may be used from any number of goroutines.
type Image struct {
	file    vfs.File
	bytes   io.ReaderAt // the file, or what was read of a small one
	secret  []byte
	members []figures
	ends    []int64 // lengths of the segments
	parts   map[int][]piece
}

// figures are what replay would find out about a segment.
type figures struct {
	dead, stale, latest int64
	last                uint64
	count, hint         int64
}

// piece is a part of an image's part.
type piece struct {
	count       int
	off, length int64
	sum         uint64
}

// Secret returns the 32 bytes that were given to SaveImage.
func (x *Image) Secret() []byte { return x.secret }

// Has reports whether a place lies in a segment, by the numbers that entries
// have.
func (x *Image) Has(at Location) bool {
	return int64(at.Segment) < int64(len(x.ends)) && at.Offset+at.Size <= x.ends[at.Segment]
}

// Entries returns how many entries a part has.
func (x *Image) Entries(part int) (n int) {
	for _, p := range x.parts[part] {
		n += p.count
	}
	return n
}

// Read calls add for each piece of a part, in the order in which they were
// put. The data is valid until add returns. What has changed since the image
// was opened is an error.
func (x *Image) Read(part int, add func(count int, data []byte) error) error {
	var buf []byte
	for _, p := range x.parts[part] {
		var err error
		if buf, err = x.read(p, buf); err != nil {
			return err
		}
		if err := add(p.count, buf); err != nil {
			return err
		}
	}
	return nil
}

// read returns the bytes of a piece, in buf if they fit.
func (x *Image) read(p piece, buf []byte) ([]byte, error) {
	if int64(cap(buf)) < p.length {
		buf = make([]byte, p.length+p.length/8) // the next may be a little longer
	}
	buf = buf[:p.length]
	if _, err := x.bytes.ReadAt(buf, p.off); err != nil {
		return nil, fmt.Errorf("read %s at offset %d: %w", segment.IndexName, p.off, err)
	}
	if xxhash.Sum64(buf) != p.sum {
		return nil, &segment.CorruptError{File: segment.IndexName, Offset: p.off, Reason: "changed since it was opened"}
	}
	return buf, nil
}

// Close lets go of the file.
func (x *Image) Close() error { return x.file.Close() }

// openImage opens the image that belongs to a manifest. Any error means that
// there is none.
func openImage(dir vfs.Dir, m *manifest) (_ *Image, err error) {
	f, err := dir.Open(segment.IndexName, vfs.ReadOnly)
	if err != nil {
		return nil, err
	}
	x := &Image{file: f, bytes: f}
	size, err := f.Size()
	if err == nil && size <= smallImage {
		err = x.readAll(size)
	}
	if err == nil {
		err = x.readHead(m, size)
	}
	if err == nil {
		err = x.prove()
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return x, nil
}

// smallImage is the size, in bytes, up to which an image is read at once.
const smallImage = 1 << 20

func (x *Image) readAll(size int64) error {
	b := make([]byte, size)
	if _, err := x.file.ReadAt(b, 0); err != nil {
		return err
	}
	x.bytes = bytes.NewReader(b)
	return nil
}

// readHead reads the header and the directory.
func (x *Image) readHead(m *manifest, size int64) error {
	var h [imageHeader]byte
	if _, err := x.bytes.ReadAt(h[:], 0); err != nil {
		return err
	}
	off, length := binary.LittleEndian.Uint64(h[64:]), binary.LittleEndian.Uint64(h[72:])
	switch {
	case string(h[:8]) != imageMagic,
		binary.LittleEndian.Uint64(h[120:]) != xxhash.Sum64(h[:120]),
		binary.LittleEndian.Uint32(h[8:]) != imageVersion,
		binary.LittleEndian.Uint64(h[16:]) != m.store,
		binary.LittleEndian.Uint64(h[24:]) != xxhash.Sum64(m.encode()),
		off > uint64(size), length != uint64(size)-off, length > maxDirectory:
		return errNoImage
	}
	x.secret = append([]byte(nil), h[32:64]...)
	for _, s := range m.segments {
		x.ends = append(x.ends, s.length)
	}
	b := make([]byte, length)
	if _, err := x.bytes.ReadAt(b, int64(off)); err != nil {
		return err
	}
	if xxhash.Sum64(b) != binary.LittleEndian.Uint64(h[80:]) {
		return errNoImage
	}
	return x.decodeDirectory(b, int64(off), len(m.segments))
}

// decodeDirectory takes in the directory, which lies at off.
func (x *Image) decodeDirectory(b []byte, off int64, segments int) error {
	next := func() uint64 {
		v := binary.LittleEndian.Uint64(b)
		b = b[8:]
		return v
	}
	if len(b) < 8 || next() != uint64(segments) || len(b) < segments*imageMember || (len(b)-segments*imageMember)%imagePiece != 0 {
		return errNoImage
	}
	for range segments {
		x.members = append(x.members, figures{int64(next()), int64(next()), int64(next()), next(), int64(next()), int64(next())})
	}
	x.parts = make(map[int][]piece)
	end := int64(imageHeader)
	for len(b) > 0 {
		head := next()
		count := head >> 32
		p := piece{int(count), int64(next()), int64(next()), next()}
		if p.off != end || p.length <= 0 || p.length > maxPiece || p.off+p.length > off ||
			count > uint64(p.length) { // an entry has a byte at least
			return errNoImage
		}
		end += p.length
		part := int(uint32(head))
		x.parts[part] = append(x.parts[part], p)
	}
	return nil
}

// prove reads every piece, on all processors.
func (x *Image) prove() error {
	var all []piece
	for _, pieces := range x.parts {
		all = append(all, pieces...)
	}
	var next atomic.Int64
	var failed atomic.Bool
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), 1+len(all)/100) {
		workers.Go(func() {
			var buf []byte
			for i := next.Add(1) - 1; int(i) < len(all) && !failed.Load(); i = next.Add(1) - 1 {
				var err error
				if buf, err = x.read(all[i], buf); err != nil {
					failed.Store(true)
				}
			}
		})
	}
	workers.Wait()
	if failed.Load() {
		return errNoImage
	}
	return nil
}
