package keydir

import (
	"slices"
	"sort"
)

// collect finds the first ids in the range, at most max, and whether there are
// more. The caller holds the order.
//
// It goes beyond the end, by as many ids as there are before it at most, and
// drops those: to look for the end at each key would be to wait for each.
func (c *Cursor) collect(max int) {
	ids := slices.Grow(c.ids[:0], min(max, thenAhead)+1)
	c.walk(func(id uint32) bool {
		ids = append(ids, id)
		n := len(ids)
		powerOfTwo := n&(n-1) == 0
		return n <= max && (!powerOfTwo || c.inside(id))
	})
	if n := len(ids); n > 0 && !c.inside(ids[n-1]) {
		ids = ids[:sort.Search(n, func(i int) bool { return !c.inside(ids[i]) })]
	}
	c.more = len(ids) > max
	c.ids = ids[:min(len(ids), max)]
}

// inside reports whether a key that the walk has come to lies before the
// range's end.
func (c *Cursor) inside(id uint32) bool {
	key := c.d.keyOf(id)
	if c.dir == Descending {
		return string(key) >= c.from
	}
	return c.to == "" || string(key) < c.to
}

// walk visits the ids in the tree from where the range begins, until visit
// returns false; it does not look for the end. The caller holds the order.
func (c *Cursor) walk(visit func(id uint32) bool) {
	o := &c.d.order
	switch {
	case c.dir == Ascending:
		o.probeKey = append(o.probeKey[:0], c.from...)
		o.tree.AscendGreaterOrEqual(probe, visit)
	case c.to == "":
		o.tree.Descend(visit)
	default:
		first := true
		o.probeKey = append(o.probeKey[:0], c.to...)
		o.tree.DescendLessOrEqual(probe, func(id uint32) bool {
			begins := first
			first = false
			return begins && string(c.d.keyOf(id)) == c.to || visit(id)
		})
	}
}
