package kv

import (
	"slices"

	"github.com/spcent/plumego/store/internal/seglog"
)

// choice is what decides which segments to compact.
type choice struct {
	published uint64  // readers see all up to this seq
	least     float64 // share of a segment that must be gained
	limit     int64   // bytes that the new segment may have
	// patience is a time, in Unix milliseconds: a segment whose values are
	// all dead by then is not worth a copy. If they should have been dead by
	// overdue already, and are not, they have got later deadlines.
	patience, overdue int64
	oldest            bool // take the oldest, not the best
	any               bool // if there is none, take one that keeps tombstones alive
}

// pick returns the numbers of adjacent segments to compact, none if there is
// nothing to gain.
func (c choice) pick(shapes []seglog.Shape) []uint32 {
	best := c.best(shapes)
	if best < 0 && c.any {
		best = c.obstacle(shapes)
	}
	if best < 0 {
		return nil
	}
	best = c.first(shapes, best)
	from, to := c.extend(shapes, best)
	var run []uint32
	for _, s := range shapes[from:to] {
		run = append(run, s.Number)
	}
	return run
}

// eligible reports whether a segment may be compacted, and should be.
func (c choice) eligible(s seglog.Shape) bool {
	return s.Sealed && s.Last <= c.published && (s.Hollow() || s.Latest > c.patience || s.Latest < c.overdue)
}

// share returns the part of a segment that would be gained.
func share(s seglog.Shape) float64 {
	if s.Hollow() && s.Gain == s.Dead {
		return 1
	}
	return float64(s.Gain) / float64(s.Size)
}

func (c choice) best(shapes []seglog.Shape) int {
	best, most := -1, c.least
	for i, s := range shapes {
		if !c.eligible(s) || s.Gain <= 0 || share(s) < c.least {
			continue
		}
		if best < 0 || share(s) > most {
			best, most = i, share(s)
			if c.oldest {
				break
			}
		}
	}
	return best
}

// first returns what to compact before a segment in which nothing is alive:
// those whose dead values would have it leave a tombstone for each key, if
// that costs less than the tombstones would. Of them, the first.
func (c choice) first(shapes []seglog.Shape, best int) int {
	if !shapes[best].Hollow() {
		return best
	}
	var dead, alive int64 // bytes: of what waits, and of what is in its way
	for _, s := range shapes[best:] {
		if s.Hollow() && c.eligible(s) {
			dead += s.Dead
		}
	}
	found := best
	for i, s := range shapes[:best] {
		if !s.Stale || s.Purged >= shapes[best].Last {
			continue
		}
		if alive += s.Size - s.Dead; !c.eligible(s) || alive > dead/tombstoneShare {
			return best
		}
		found = min(found, i)
	}
	return found
}

// tombstoneShare says that a tombstone takes about one byte of so many of its
// record.
const tombstoneShare = 4

// obstacle returns the first segment whose dead values keep tombstones in
// later ones from being forgotten, or -1.
func (c choice) obstacle(shapes []seglog.Shape) int {
	for i, s := range shapes {
		if s.Stale && c.eligible(s) && slices.ContainsFunc(shapes[i+1:], func(s seglog.Shape) bool { return s.Gain < s.Dead }) {
			return i
		}
	}
	return -1
}

// extend takes in neighbours that have become small, or are about as much
// worth, as long as all that is kept fits one segment: what a rewrite costs
// beside its bytes, some ten syncs, it costs once.
func (c choice) extend(shapes []seglog.Shape, at int) (from, to int) {
	from, to = at, at+1
	r := reach{kept: shapes[at].Size - shapes[at].Gain, read: shapes[at].Size}
	for from > 0 && r.takes(c, shapes[at], shapes[from-1]) {
		from--
	}
	for to < len(shapes) && r.takes(c, shapes[at], shapes[to]) {
		to++
	}
	return from, to
}

// reach is how many bytes a run of segments has, and keeps.
type reach struct{ kept, read int64 }

// Bounds of a run: the space is given back only at its end, and a neighbour's
// share may be a little less than that of the best.
const (
	runSegments = 4
	alikeShare  = 0.75
)

// takes adds a neighbour of the best if it belongs to its run.
func (r *reach) takes(c choice, best, s seglog.Shape) bool {
	small := s.Size <= c.limit/4
	alike := s.Hollow() == best.Hollow() && s.Gain > 0 && share(s) >= alikeShare*share(best) &&
		r.read+s.Size <= runSegments*c.limit
	kept := r.kept + s.Size - s.Gain
	if !c.eligible(s) || !small && !alike || kept > c.limit {
		return false
	}
	r.kept, r.read = kept, r.read+s.Size
	return true
}

// The shares that are worth a copy, and how long to wait for values to die
// by themselves, in milliseconds.
const (
	leastUrgent = 0.05
	waitUrgent  = 2_000
	waitEasy    = 10_000
)

// urgent is the choice of a store that nears its bound, or has segments in
// which nothing is alive. The caller holds mu.
func (e *engine) urgent() choice {
	u := e.log.Usage()
	p, c := e.pressureOf(u), e.choice(u)
	switch {
	case p.disk > p.hard:
		c.least, c.any = leastUrgent, true
		c.patience = e.clock.now() + waitUrgent
	case p.disk > p.soft:
		c.least = leastUrgent
	default:
		c.least = 1
	}
	return c
}

// unhurried is the choice of a store that has been left in peace. The caller
// holds mu.
func (e *engine) unhurried() choice {
	c := e.choice(e.log.Usage())
	c.least = e.opts.CompactRatio
	return c
}

func (e *engine) choice(u seglog.Usage) choice {
	now := e.clock.now()
	return choice{published: e.published(), limit: u.Limit, patience: now + waitEasy, overdue: now - waitEasy}
}

// published returns a seq up to which readers see everything. The caller
// holds mu.
func (e *engine) published() uint64 {
	for _, g := range []*group{e.settling, e.group} {
		if g != nil && len(g.mutations) > 0 {
			return g.mutations[0].seq - 1
		}
	}
	return e.log.LastSeq()
}

// takeRest ends the work, since nothing can be gained until some more has been
// appended, and reports whether unhurried would pick something.
func (e *engine) takeRest() (more bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.compactor.rest = e.log.Appended() + e.log.Usage().Limit/8
	return len(e.unhurried().pick(e.log.Shapes())) > 0
}
