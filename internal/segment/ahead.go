package segment

import "github.com/spcent/plumego/store/internal/vfs"

// stretch is how far ahead of a busy writer pages are made ready, in bytes.
const stretch = 1 << 20

// Stretch is room in a segment that its writer will soon come to. The first
// store into a page of a file costs more than the rest of an append; somebody
// else can have it done before.
type Stretch struct {
	s        *Segment
	from, to int64
}

// Prefault makes the pages of the stretch ready, if the segment is still
// open. It may run beside the writer.
func (t Stretch) Prefault() {
	t.s.prefault.Lock()
	defer t.s.prefault.Unlock()
	if t.s.mem != nil {
		t.s.file.Prefault(t.s.mem[t.from:t.to])
	}
}

// lookAhead reserves the next stretch and tells of it. That it cannot be
// reserved now will be met when it is needed. The first stretch is not worth
// it: most segments of small stores never fill it.
func (s *Segment) lookAhead(end int64) {
	if s.placement != vfs.ByMapping {
		s.ahead = nil
		return
	}
	from := max(s.asked, end)
	to := min(from+stretch, s.most)
	if to > s.reserved && s.reserve(to) != nil {
		return
	}
	s.asked = to
	if from < to {
		s.ahead(Stretch{s, from, to})
	}
}
