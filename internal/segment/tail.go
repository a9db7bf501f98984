package segment

import (
	"errors"
	"runtime/debug"

	"github.com/spcent/plumego/store/internal/record"
)

// Tail is what a segment holds that was being written when its store died.
type Tail struct {
	End   int64 // behind the last whole commit group
	Torn  int64 // bytes behind End that are not zero: the torn group
	Count int64 // records below End
}

// ScanTail finds the end of a segment whose store was not closed. Bytes
// below durable were once synced. It tells two cases apart:
//
//   - Torn: what follows the last whole commit group was never promised.
//   - Corrupt: the first invalid byte lies below what is known to have been
//     durable, from the manifest or from the synced field of a valid record
//     anywhere behind it. That is a *CorruptError, and nothing is changed.
//
// It leaves the segment ready for reading up to Tail.End.
func (s *Segment) ScanTail(durable int64) (Tail, error) {
	t := tally{chain: chainStart(s.header)}
	good, kept := int64(HeaderSize), t // behind the last whole group
	known := good                      // behind the seal, if there is one
	stop, err := s.Walk(s.reserved, func(f Found) error {
		if f.Type == record.Seal {
			known = f.Offset + int64(len(f.Raw))
			return errSealed
		}
		t.add(f)
		if f.Commit {
			good, kept = f.Offset+int64(len(f.Raw)), t
			known = good
		}
		return nil
	})
	if err != nil && err != errSealed {
		return Tail{}, err
	}
	if err := s.judge(stop, durable); err != nil {
		return Tail{}, err
	}
	_, last, err := s.nonZero(known)
	if err != nil {
		return Tail{}, err
	}
	s.adopt(good, kept)
	return Tail{End: good, Torn: last - known, Count: kept.count}, nil
}

// errSealed ends the walk at a seal that the manifest does not know yet: the
// store died between the two, and the segment is complete.
var errSealed = errors.New("sealed")

// judge decides whether the invalid bytes at bad are damage.
func (s *Segment) judge(bad, durable int64) (err error) {
	if bad < durable {
		return &CorruptError{s.name, bad, "invalid record below the durable length in the manifest"}
	}
	defer catchFault(&err, debug.SetPanicOnFault(true))
	w := window{s: s, limit: s.reserved}
	for off := bad + record.Align; off+record.HeaderSize <= s.reserved; off += record.Align {
		f, ok, err := w.record(off)
		if err != nil {
			return err
		}
		if ok && f.Synced > bad {
			return &CorruptError{s.name, bad, "invalid record, and a later one proves it was durable"}
		}
	}
	return nil
}
