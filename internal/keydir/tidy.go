package keydir

import (
	"cmp"
	"slices"
)

// staleMax is the number of ids filed for nothing that are not worth a tidy.
const staleMax = 4096

// tidy files every id again and leaves out the stale. They pile up where
// entries are created with a far deadline, deleted long before it, and their
// room used for near ones in between. The caller holds sweep, and no id is
// taken.
func (d *Keydir) tidy() {
	buckets, due := d.deadlines.empty()
	for start, ids := range buckets {
		slices.Sort(ids)
		for _, id := range slices.Compact(ids) {
			d.refile(place{start, id})
		}
	}
	slices.SortFunc(due, func(a, b place) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.id, b.id))
	})
	for _, p := range slices.Compact(due) {
		if p.id != wholeBucket {
			d.refile(p)
		}
	}
	d.deadlines.rest()
}

// refile files an id that is no longer in its place, unless it was stale.
func (d *Keydir) refile(at place) {
	s := d.stripeOf(at.id)
	s.lock()
	defer s.mu.Unlock()
	p := s.arena.at(at.id & refMask)
	if p.filed() != at.at {
		return
	}
	p.setFiled(0)
	if p.has(live) {
		d.file(at.id, p)
	}
}

// empty removes all buckets and places and hands them to the sweeper.
func (t *deadlines) empty() (map[int64][]uint32, places) {
	t.mu.Lock()
	defer t.mu.Unlock()
	buckets, due := t.buckets, t.due
	t.taken = due.first()
	t.buckets, t.due, t.ids = make(map[int64][]uint32), nil, 0
	return buckets, due
}

// len returns the number of ids filed, the stale among them.
func (t *deadlines) len() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.ids + len(t.due)
}
