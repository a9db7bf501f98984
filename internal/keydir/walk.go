package keydir

import "sort"

// Direction is the order in which a walk meets the keys.
type Direction int

// The two directions.
const (
	Ascending Direction = iota
	Descending
)

// Range appends to dst the pairs with from <= key < to that there were, in
// the order of the direction, and returns it. An empty to is no bound. It
// looks at no more than max keys, those among them that the snapshot does
// not see: dst may stay as it was. If more is true there may be others behind
// last, the last key it looked at.
//
// So the next call has, ascending, last with a zero byte appended for its
// from; descending, last for its to.
func (n *Snapshot) Range(dst []Pair, from, to string, dir Direction, max int) (pairs []Pair, last string, more bool) {
	return n.rangeAs(dst, from, to, dir, max, view{of: n, places: true})
}

// RangeKeys is Range for those who need keys and deadlines: of the entries
// nothing else counts. It takes half the time.
func (n *Snapshot) RangeKeys(dst []Pair, from, to string, dir Direction, max int) (pairs []Pair, last string, more bool) {
	return n.rangeAs(dst, from, to, dir, max, view{of: n})
}

func (n *Snapshot) rangeAs(dst []Pair, from, to string, dir Direction, max int, v view) (pairs []Pair, last string, more bool) {
	d := n.d
	d.order.mu.Lock()
	defer d.order.mu.Unlock()
	if !n.folded {
		d.foldLocked()
		n.folded = true
	}
	ids, more := d.collect(from, to, dir, max)
	if more {
		last = string(d.keyOf(ids[len(ids)-1]))
	}
	return d.appendPairs(dst, ids, v), last, more
}

// collect returns the first ids in the tree with from <= key < to, in the
// order of the direction, at most max, and whether there are more. They are
// valid until the next call. The caller holds the order.
//
// It goes beyond the end, by as many ids as there are before it at most, and
// drops those: to look for the end at each key would be to wait for each.
func (d *Keydir) collect(from, to string, dir Direction, max int) (ids []uint32, more bool) {
	inside := func(id uint32) bool { return to == "" || string(d.keyOf(id)) < to }
	if dir == Descending {
		inside = func(id uint32) bool { return string(d.keyOf(id)) >= from }
	}
	ids = d.order.ids[:0]
	d.walk(from, to, dir, func(id uint32) bool {
		ids = append(ids, id)
		n := len(ids)
		powerOfTwo := n&(n-1) == 0
		return n <= max && (!powerOfTwo || inside(id))
	})
	d.order.ids = ids
	if n := len(ids); n > 0 && !inside(ids[n-1]) {
		ids = ids[:sort.Search(n, func(i int) bool { return !inside(ids[i]) })]
	}
	if len(ids) > max {
		return ids[:max], true
	}
	return ids, false
}

// walk visits the ids in the tree from one end of a range on, until visit
// returns false; it does not look for the other end. The caller holds the
// order.
func (d *Keydir) walk(from, to string, dir Direction, visit func(id uint32) bool) {
	o := &d.order
	switch {
	case dir == Ascending:
		o.probeKey = append(o.probeKey[:0], from...)
		o.tree.AscendGreaterOrEqual(probe, visit)
	case to == "":
		o.tree.Descend(visit)
	default:
		first := true
		o.probeKey = append(o.probeKey[:0], to...)
		o.tree.DescendLessOrEqual(probe, func(id uint32) bool {
			begins := first
			first = false
			return begins && string(d.keyOf(id)) == to || visit(id)
		})
	}
}
