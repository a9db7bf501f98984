package seglog

import (
	"cmp"
	"slices"
)

// seqRanges is a set of seqs. A log that was never compacted is one range,
// whatever its length.
type seqRanges struct {
	ranges []seqRange
	merged bool
}

// seqRange is the seqs from first to last, both included.
type seqRange struct{ first, last uint64 }

// add puts a seq into the set. It is cheapest for ascending ones.
func (s *seqRanges) add(seq uint64) {
	s.merged = false
	if n := len(s.ranges); n > 0 {
		r := &s.ranges[n-1]
		if r.first <= seq && seq <= r.last {
			return
		}
		if seq == r.last+1 {
			r.last = seq
			return
		}
	}
	s.ranges = append(s.ranges, seqRange{seq, seq})
}

// merge sorts the ranges and joins those that touch.
func (s *seqRanges) merge() {
	if s.merged {
		return
	}
	slices.SortFunc(s.ranges, func(a, b seqRange) int { return cmp.Compare(a.first, b.first) })
	out := s.ranges[:0]
	for _, r := range s.ranges {
		if n := len(out); n > 0 && r.first <= out[n-1].last+1 {
			out[n-1].last = max(out[n-1].last, r.last)
			continue
		}
		out = append(out, r)
	}
	s.ranges, s.merged = out, true
}

// greatest returns the greatest seq, 0 if there is none.
func (s *seqRanges) greatest() uint64 {
	s.merge()
	if len(s.ranges) == 0 {
		return 0
	}
	return s.ranges[len(s.ranges)-1].last
}

// unseenBelow returns the greatest seq below the given one that is not in the
// set, 0 if there is none.
func (s *seqRanges) unseenBelow(seq uint64) uint64 {
	s.merge()
	for i := len(s.ranges) - 1; i >= 0 && seq > 0; i-- {
		r := s.ranges[i]
		if r.first >= seq {
			continue
		}
		if r.last < seq-1 {
			break
		}
		seq = r.first
	}
	return seq - min(seq, 1)
}
