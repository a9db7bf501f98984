package segment

import (
	"fmt"
	"runtime/debug"

	"github.com/spcent/plumego/store/internal/record"
)

// What a reader needs where somebody else may be writing to the file.

// Remeasure has a segment that was opened for reading know that its file has
// become shorter: its writer gives room back when the segment is full. What
// was reserved meanwhile is left out.
func (s *Segment) Remeasure() error {
	size, err := s.file.Size()
	if err != nil {
		return fmt.Errorf("size of %s: %w", s.name, err)
	}
	s.reserved = min(s.reserved, size)
	return nil
}

// grown reports whether a writer has got on since the bytes at off were no
// record: they are one now, or the file has more room, in which that ends.
func (s *Segment) grown(off int64) (bool, error) {
	size, err := s.file.Size()
	if err != nil {
		return false, fmt.Errorf("size of %s: %w", s.name, err)
	}
	if size > s.reserved {
		return true, nil
	}
	return s.whole(off)
}

// AdoptSeal takes the seal in that ScanTail has left behind the end. Another
// segment must have been begun behind it: until then a writer may take the
// seal back.
func (s *Segment) AdoptSeal() (err error) {
	defer catchFault(&err, debug.SetPanicOnFault(true))
	w := window{s: s, limit: s.reserved}
	f, ok, err := w.record(s.End())
	if err != nil || !ok || f.Type != record.Seal {
		return err
	}
	t := tally{s.chain, s.count}
	t.add(f)
	s.adopt(f.Offset+int64(len(f.Raw)), t)
	s.sealed = true
	return nil
}

// ReadAt fills p with the bytes of the file from off on, whatever they are.
func (s *Segment) ReadAt(p []byte, off int64) (int, error) { return s.file.ReadAt(p, off) }
