package cache

import "math/bits"

// index finds records by key: extendible hashing over tables of one page. It
// grows and shrinks a page at a time, so that it takes no more than it needs
// and never all at once.
type index struct {
	pool  *pool
	depth uint
	most  uint     // depth
	dir   []uint32 // by the first depth bits of a tag: the page of its table
	pages int
}

func newIndex(p *pool) *index {
	x := &index{pool: p, most: uint(bits.Len(uint(p.most - 1)))}
	x.dir = make([]uint32, 1, 1<<x.most)
	x.dir[0] = p.take()
	x.pages = 1
	x.table(0).reset(0)
	return x
}

// table returns the table for a tag.
func (x *index) table(tag uint32) table { return x.pool.page(x.dir[x.place(tag)]) }

func (x *index) place(tag uint32) int { return int(tag >> (tagBits - x.depth)) }

// find returns the record of a key, and the table and slot that know of it.
func (x *index) find(hash uint64, key string) (t table, i int, r record, ok bool) {
	tag := tagOf(hash)
	t = x.table(tag)
	for i = t.seek(tag); ; i = t.after(i) {
		s := t.slot(i)
		if s == 0 {
			return t, i, r, false
		}
		if s.tag() != tag {
			continue
		}
		if r = x.pool.record(s.pos()); x.pool.hasKey(r, key) {
			return t, i, r, true
		}
	}
}

// findAt returns the slot of the record at pos, whose key has the given hash.
// There is none if the record is not the newest of its key.
func (x *index) findAt(hash uint64, pos uint32) (t table, i int, ok bool) {
	tag := tagOf(hash)
	t = x.table(tag)
	for i = t.home(tag); ; i = t.after(i) {
		s := t.slot(i)
		if s == 0 || s.pos() == pos {
			return t, i, s != 0
		}
	}
}

// canSplit reports whether the table for a tag can be split.
func (x *index) canSplit(tag uint32) bool { return x.table(tag).depth() < x.most }

// split divides the table for a tag in two. It takes a page.
func (x *index) split(tag uint32) {
	old := x.table(tag)
	depth := old.depth()
	if depth == x.depth {
		x.double()
	}
	id := x.pool.take()
	x.pages++
	upper := table(x.pool.page(id))
	copy(upper, old) // the ghosts of both
	x.refill(old, depth+1, old, 0)
	x.refill(upper, depth+1, upper, 1)
	// Of the range of places that led to the old table, the upper half.
	half := 1 << (x.depth - depth - 1)
	first := x.place(tag)&^(2*half-1) + half
	for p := first; p < first+half; p++ {
		x.dir[p] = id
	}
}

// double gives the directory one more bit.
func (x *index) double() {
	n := len(x.dir)
	x.dir = x.dir[:2*n]
	for p := n - 1; p >= 0; p-- {
		x.dir[2*p], x.dir[2*p+1] = x.dir[p], x.dir[p]
	}
	x.depth++
}

// refill gives t a depth, and of the slots that from has those whose tags have
// the given last bit at that depth.
func (x *index) refill(t table, depth uint, from table, bit uint32) {
	slots := make([]slot, 0, from.count())
	for i := range from.slots() {
		if s := from.slot(i); s != 0 && s.tag()>>(tagBits-depth)&1 == bit {
			slots = append(slots, s)
		}
	}
	t.refill(depth, slots)
}

func (t table) refill(depth uint, slots []slot) {
	clear(t[t.slotsAt():])
	t.setCount(0)
	t[4] = byte(depth)
	for _, s := range slots {
		t.insert(s)
	}
}

// remove empties a slot of the table for a tag, and joins the table to its
// neighbour, and so on, while both together are far from full.
func (x *index) remove(tag uint32, i int) {
	x.table(tag).remove(i)
	for x.join(tag) {
	}
}

func (x *index) join(tag uint32) bool {
	t := x.table(tag)
	depth := t.depth()
	if depth == 0 {
		return false
	}
	bit := uint32(1) << (tagBits - depth)
	lower, upper := tag&^bit, tag|bit
	low, up := x.table(lower), x.table(upper)
	if low.depth() != up.depth() || low.count()+up.count() > low.slots()/2 {
		return false
	}
	slots := make([]slot, 0, low.count()+up.count())
	for _, t := range []table{low, up} {
		for i := range t.slots() {
			if s := t.slot(i); s != 0 {
				slots = append(slots, s)
			}
		}
	}
	gone := x.dir[x.place(upper)]
	low.refill(depth-1, slots)
	size := 1 << (x.depth - depth)
	first := x.place(upper) &^ (size - 1)
	for p := first; p < first+size; p++ {
		x.dir[p] = x.dir[x.place(lower)]
	}
	x.pool.give(gone)
	x.pages--
	return true
}
