package seglog

import (
	"github.com/spcent/plumego/store/internal/segment"
)

// findTails returns, by segment id, where opening the store would cut the
// segments that were being written when it died. A segment with damage that
// is not a torn tail is not among them.
func (r *Ruin) findTails() (map[uint64]*segment.Tail, error) {
	tails := map[uint64]*segment.Tail{}
	if r.man == nil || r.man.clean {
		return tails, nil
	}
	before := uint64(nobody) // the open segment before, if it is not whole
	for _, l := range r.man.segments {
		if l.sealed {
			continue
		}
		t, vouches, err := r.findTail(l, before != nobody)
		if err != nil {
			return nil, err
		}
		if vouches { // it was whole, and is damaged
			delete(tails, before)
		}
		if t == nil {
			continue
		}
		tails[l.id] = t
		if !t.Sealed {
			before = l.id
		}
	}
	for _, l := range r.man.segments {
		if t := tails[l.id]; t != nil && t.Torn > 0 {
			r.Torn = append(r.Torn, Harm{segment.Name(l.id), t.Cut, t.Torn, "unfinished write"})
		}
	}
	return tails, nil
}

// findTail returns the tail of a segment, or nil if it is damaged or has no
// file of its name. One behind a torn segment counts for nothing, unless a
// record in it vouches for the other.
func (r *Ruin) findTail(l listed, torn bool) (t *segment.Tail, vouches bool, err error) {
	s, err := segment.Open(segment.Config{Dir: r.dir, Store: r.store, ID: l.id})
	if err != nil {
		return nil, false, nil // sifting says what there is
	}
	if torn {
		t, vouches = lostTail(s)
	}
	if !torn || vouches {
		t = scanTail(s, l.length)
	}
	return t, vouches, s.Close()
}

// lostTail returns the tail of a segment none of whose records counts.
func lostTail(s *segment.Segment) (t *segment.Tail, vouches bool) {
	vouches, err := s.Vouched()
	if err != nil || vouches {
		return nil, vouches
	}
	used, err := s.Used()
	if err != nil {
		return nil, false
	}
	return &segment.Tail{Cut: segment.HeaderSize, Torn: used}, false
}

func scanTail(s *segment.Segment, durable int64) *segment.Tail {
	t, err := s.ScanTail(durable)
	if err != nil {
		return nil
	}
	return &t
}
