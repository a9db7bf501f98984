package seglog

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/cespare/xxhash/v2"

	"github.com/spcent/plumego/store/internal/segment"
	"github.com/spcent/plumego/store/internal/vfs"
)

// SaveImage leaves an image of the owner's index beside the segments of a log
// for which Finish has returned nil. save calls put for each piece, with a
// part of 0 or more and at most a MiB of data, and calls segments as segment
// does. The secret has 32 bytes and comes back with the image. After an error
// there is no image.
func (l *Log) SaveImage(secret []byte, save func(segment func(number uint32) uint32, put func(part, count int, data []byte) error) error) error {
	if l.imaged || l.Volatile || l.Mode == vfs.ReadOnly || !l.man.Load().clean {
		return nil
	}
	if err := removeIfThere(l.Dir, segment.IndexName); err != nil {
		return err
	}
	f, err := l.Dir.Create(segment.IndexName)
	if err != nil {
		return fmt.Errorf("create %s: %w", segment.IndexName, err)
	}
	w := imageWriter{file: f, off: imageHeader}
	err = save(l.positions(), w.put)
	if err == nil {
		err = w.finish(l, secret)
	}
	if err = errors.Join(err, f.Close()); err != nil {
		l.dropCache(segment.IndexName)
		return err
	}
	l.imaged = true
	return nil
}

// DropImage removes the image that was given to Load, and was no good.
func (l *Log) DropImage() {
	if l.Mode == vfs.ReadOnly {
		return
	}
	l.installing.Lock()
	defer l.installing.Unlock()
	l.dropImage()
}

// dropImage is DropImage for a caller that holds installing.
func (l *Log) dropImage() {
	l.imaged = false
	l.dropCache(segment.IndexName)
}

// positions returns what a segment is called in an image: its place in the
// manifest, which is the number that the next Open gives it.
func (l *Log) positions() func(number uint32) uint32 {
	at := make(map[uint32]uint32)
	for _, m := range l.inOrder() {
		at[m.number] = uint32(len(at))
	}
	return func(number uint32) uint32 { return at[number] }
}

// imageWriter writes an image.
type imageWriter struct {
	file      vfs.File
	off       int64  // of what comes next
	buf       []byte // the bytes before off that are not written yet
	directory []byte
}

// put writes a piece.
func (w *imageWriter) put(part, count int, data []byte) error {
	w.number(uint64(count)<<32 | uint64(uint32(part)))
	w.number(uint64(w.off))
	w.number(uint64(len(data)))
	w.number(xxhash.Sum64(data))
	return w.write(data)
}

// write puts bytes behind the others.
func (w *imageWriter) write(data []byte) error {
	w.buf = append(w.buf, data...)
	w.off += int64(len(data))
	if len(w.buf) < copyPiece {
		return nil
	}
	return w.flush()
}

func (w *imageWriter) flush() error {
	if _, err := w.file.WriteAt(w.buf, w.off-int64(len(w.buf))); err != nil {
		return fmt.Errorf("write %s: %w", segment.IndexName, err)
	}
	w.buf = w.buf[:0]
	return nil
}

func (w *imageWriter) number(n uint64) {
	w.directory = binary.LittleEndian.AppendUint64(w.directory, n)
}

// finish writes the directory and the header.
func (w *imageWriter) finish(l *Log, secret []byte) error {
	pieces := w.directory
	w.directory = nil
	w.number(uint64(len(l.man.Load().segments)))
	for _, m := range l.inOrder() {
		w.number(uint64(m.dead.Load()))
		w.number(uint64(m.stale.Load()))
		w.number(uint64(m.latest.Load()))
		w.number(m.last)
		w.number(uint64(m.Count()))
		w.number(uint64(m.hint.Load()))
	}
	w.directory = append(w.directory, pieces...)
	header := w.header(l.man.Load(), secret)
	if err := errors.Join(w.write(w.directory), w.flush()); err != nil {
		return err
	}
	if _, err := w.file.WriteAt(header, 0); err != nil {
		return fmt.Errorf("write header of %s: %w", segment.IndexName, err)
	}
	return nil
}

func (w *imageWriter) header(m *manifest, secret []byte) []byte {
	h := make([]byte, imageHeader)
	copy(h, imageMagic)
	binary.LittleEndian.PutUint32(h[8:], imageVersion)
	binary.LittleEndian.PutUint64(h[16:], m.store)
	binary.LittleEndian.PutUint64(h[24:], xxhash.Sum64(m.encode()))
	copy(h[32:64], secret)
	binary.LittleEndian.PutUint64(h[64:], uint64(w.off))
	binary.LittleEndian.PutUint64(h[72:], uint64(len(w.directory)))
	binary.LittleEndian.PutUint64(h[80:], xxhash.Sum64(w.directory))
	binary.LittleEndian.PutUint64(h[120:], xxhash.Sum64(h[:120]))
	return h
}
