package segment

import (
	"runtime/debug"

	"github.com/spcent/plumego/store/internal/record"
)

// Replay visits every record of a segment whose length and chain are known,
// the seal excepted, and holds the file to both: one byte that differs, is
// missing or was added is a *CorruptError. It leaves the segment ready for
// reading, and for appending if it was opened so and is not sealed.
func (s *Segment) Replay(length int64, chain uint64, sealed bool, visit func(Found) error) error {
	t, err := s.prove(length, chain, sealed, visit)
	if err != nil {
		return err
	}
	return s.endAt(length, t)
}

// Trust is Replay for a segment whose records are known from elsewhere, count
// of them: none is read. Records that have been damaged are met when they are
// read.
func (s *Segment) Trust(length int64, chain uint64, count int64) error {
	if s.reserved < length {
		return s.tooShort()
	}
	return s.endAt(length, tally{chain, count})
}

// endAt makes length the segment's end if nothing lies behind it.
func (s *Segment) endAt(length int64, t tally) error {
	first, last, err := s.nonZero(length)
	if err != nil {
		return err
	}
	if first != last {
		return &CorruptError{s.name, first, "bytes behind the end of the segment"}
	}
	s.adopt(length, t)
	return nil
}

// Prove is Replay for a segment that is in use: it judges only the bytes
// below length and changes nothing.
func (s *Segment) Prove(length int64, chain uint64, sealed bool, visit func(Found) error) error {
	_, err := s.prove(length, chain, sealed, visit)
	return err
}

// prove visits the records below length and holds them to the chain.
func (s *Segment) prove(length int64, chain uint64, sealed bool, visit func(Found) error) (tally, error) {
	if s.reserved < length {
		return tally{}, s.tooShort()
	}
	t := tally{chain: chainStart(s.header)}
	kind := record.Type(0)
	stop, err := s.Walk(length, func(f Found) error {
		t.add(f)
		kind = f.Type
		if f.Type == record.Seal {
			return nil
		}
		return visit(f)
	})
	switch {
	case err != nil:
		return t, err
	case stop != length:
		return t, &CorruptError{s.name, stop, "invalid record in a segment that was complete"}
	case t.chain != chain:
		return t, &CorruptError{s.name, length, "records differ from those the manifest stands for"}
	case sealed != (kind == record.Seal):
		return t, &CorruptError{s.name, length, "seal and manifest disagree"}
	}
	return t, nil
}

func (s *Segment) tooShort() error {
	return &CorruptError{s.name, s.reserved, "file is shorter than the manifest says"}
}

// tally follows the chain while a segment is walked or written.
type tally struct {
	chain uint64
	count int64
}

func (t *tally) add(f Found) { *t = t.with(f.Raw) }

// with returns the tally with one more record, given as its bytes.
func (t tally) with(raw []byte) tally {
	return tally{link(t.chain, record.Sum(raw)), t.count + 1}
}

// adopt makes end the segment's end. Everything below it is durable.
func (s *Segment) adopt(end int64, t tally) {
	s.end.Store(end)
	s.synced.Store(end)
	s.chain, s.count = t.chain, t.count
}

// nonZero returns where the bytes that are not zero begin and end, from off
// to the end of the file. There are none if first == last.
func (s *Segment) nonZero(off int64) (first, last int64, err error) {
	defer catchFault(&err, debug.SetPanicOnFault(true))
	w := window{s: s, limit: s.reserved}
	first, last = off, off
	for off < s.reserved {
		b, err := w.from(off, windowSize)
		if err != nil {
			return 0, 0, err
		}
		for i, c := range b {
			if c == 0 {
				continue
			}
			if first == last {
				first = off + int64(i)
			}
			last = off + int64(i) + 1
		}
		off += int64(len(b))
	}
	return first, last, nil
}
