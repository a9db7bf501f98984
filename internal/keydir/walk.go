package keydir

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
	return d.appendPairs(dst, ids, n.entryAt), last, more
}

// walk visits the ids in the tree with from <= key < to until visit returns
// false. The caller holds the order.
func (d *Keydir) walk(from, to string, dir Direction, visit func(id uint32) bool) {
	o := &d.order
	ascend := func(id uint32) bool {
		return (to == "" || string(d.keyOf(id)) < to) && visit(id)
	}
	descend := func(id uint32) bool {
		key := d.keyOf(id)
		if to != "" && string(key) >= to {
			return true // to itself, where the walk begins
		}
		return string(key) >= from && visit(id)
	}
	switch {
	case dir == Ascending:
		o.probeKey = append(o.probeKey[:0], from...)
		o.tree.AscendGreaterOrEqual(probe, ascend)
	case to == "":
		o.tree.Descend(descend)
	default:
		o.probeKey = append(o.probeKey[:0], to...)
		o.tree.DescendLessOrEqual(probe, descend)
	}
}
