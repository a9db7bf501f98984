package segment

import (
	"errors"
	"runtime/debug"

	"github.com/spcent/plumego/store/internal/record"
)

// Tail is what a segment holds that was being written when its store died.
type Tail struct {
	End    int64 // behind the last whole commit group
	Count  int64 // records below End
	Sealed bool  // a seal follows: nothing is missing
	Cut    int64 // behind End, and the seal if there is one
	Torn   int64 // bytes from Cut to the last that is not zero: the torn group
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
//
// A writer may be at work beside it. Bytes that do not decode are then those
// of a record that is being written. It is whole when a later one is there, so
// what looks damaged is looked at again. What the writer has done meanwhile is
// not torn, and not in the Tail.
func (s *Segment) ScanTail(durable int64) (Tail, error) {
	t := tally{chain: chainStart(s.header)}
	good, kept := int64(HeaderSize), t // behind the last whole group
	cut := good                        // behind the seal, if there is one
	sealed := false
	stop, err := s.Walk(s.reserved, func(f Found) error {
		if sealed = f.Type == record.Seal; sealed {
			cut = f.Offset + int64(len(f.Raw))
			return errSealed
		}
		t.add(f)
		if f.Commit {
			good, kept = f.Offset+int64(len(f.Raw)), t
			cut = good
		}
		return nil
	})
	if err != nil && err != errSealed {
		return Tail{}, err
	}
	if sealed {
		stop = cut // the seal is valid, and may be known to be durable
	}
	if err := s.judge(stop, durable); err != nil {
		return Tail{}, err
	}
	_, last, err := s.nonZero(cut)
	if err != nil {
		return Tail{}, err
	}
	if last > cut {
		grown, err := s.grown(stop)
		if err != nil {
			return Tail{}, err
		}
		if grown {
			last = cut
		}
	}
	s.adopt(good, kept)
	return Tail{End: good, Count: kept.count, Sealed: sealed, Cut: cut, Torn: last - cut}, nil
}

// errSealed ends the walk at a seal that the manifest does not know yet: the
// store died between the two, and the segment is complete.
var errSealed = errors.New("sealed")

// judge decides whether the invalid bytes at bad are damage.
func (s *Segment) judge(bad, durable int64) error {
	if bad < durable {
		return &CorruptError{s.name, bad, "invalid record below the durable length in the manifest"}
	}
	vouched, err := s.vouched(bad)
	if err != nil || !vouched {
		return err
	}
	whole, err := s.whole(bad)
	if err == nil && !whole {
		err = &CorruptError{s.name, bad, "invalid record, and a later one proves it was durable"}
	}
	return err
}

// whole reports whether there is a valid record at off.
func (s *Segment) whole(off int64) (ok bool, err error) {
	defer catchFault(&err, debug.SetPanicOnFault(true))
	w := window{s: s, limit: s.reserved}
	_, ok, err = w.record(off)
	return ok, err
}

// Vouched reports whether a valid record anywhere in the file says that the
// segment before this one was durable.
func (s *Segment) Vouched() (bool, error) { return s.vouched(HeaderSize - record.Align) }

// Used returns how many bytes behind the header are in use, up to the last
// that is not zero.
func (s *Segment) Used() (int64, error) {
	_, last, err := s.nonZero(HeaderSize)
	return last - HeaderSize, err
}

// vouched reports whether a valid record behind off says that more than off
// bytes were durable.
func (s *Segment) vouched(off int64) (found bool, err error) {
	defer catchFault(&err, debug.SetPanicOnFault(true))
	w := window{s: s, limit: s.reserved}
	for at := off + record.Align; at+record.HeaderSize <= s.reserved; at += record.Align {
		f, ok, err := w.record(at)
		if err != nil {
			return false, err
		}
		if ok && f.Synced > off {
			return true, nil
		}
	}
	return false, nil
}
