package keydir

// Direction is the order in which a cursor meets the keys.
type Direction int

// The two directions.
const (
	Ascending Direction = iota
	Descending
)

// Detail says what a cursor tells of an entry.
type Detail int

// The two details. Whole takes twice the time.
const (
	Whole        Detail = iota
	DeadlineOnly        // the other fields of an Entry do not count
)

// Pair is a key with its entry.
type Pair struct {
	Key   string
	Entry Entry
}

// Cursor goes through the keys of a range in their order. One goroutine may
// use it at a time.
type Cursor struct {
	d        *Keydir
	of       *Snapshot // nil: each step shows what is live when it is taken
	detail   Detail
	from, to string
	dir      Direction

	// ahead are the ids that come next if the tree has not changed since it
	// was of that version: so not every step looks for its place in it.
	ids, ahead []uint32
	version    uint64
	more       bool   // there may be others behind those ahead
	last       []byte // the last key looked at, once begun
	begun      bool
}

// Cursor returns a cursor before the first key with from <= key < to, in that
// direction. An empty to is no bound.
func (d *Keydir) Cursor(from, to string, dir Direction, detail Detail) *Cursor {
	return &Cursor{d: d, from: from, to: to, dir: dir, detail: detail}
}

// Cursor is Keydir.Cursor for what there was.
func (n *Snapshot) Cursor(from, to string, dir Direction, detail Detail) *Cursor {
	c := n.d.Cursor(from, to, dir, detail)
	c.of = n
	return c
}

// Next appends to dst the pairs that come next and returns it. It looks at no
// more than most keys, at least one, those among them that are not there: dst
// may stay as it was. more says that there may be others.
func (c *Cursor) Next(dst []Pair, most int) (pairs []Pair, more bool) {
	o := &c.d.order
	o.mu.Lock()
	defer o.mu.Unlock()
	c.fold()
	if len(c.ahead) == 0 || c.version != o.version {
		c.seek(most)
	}
	n := min(most, len(c.ahead))
	if n == 0 {
		return dst, false
	}
	ids := c.ahead[:n]
	c.ahead = c.ahead[n:]
	c.last, c.begun = append(c.last[:0], c.d.keyOf(ids[n-1])...), true
	return c.append(dst, ids), c.more || len(c.ahead) > 0
}

// fold brings the keys into the order that the cursor is to see. A snapshot's
// are all there if they were once. The caller holds the order.
func (c *Cursor) fold() {
	if c.of != nil && c.of.folded {
		return
	}
	c.d.foldLocked()
	if c.of != nil {
		c.of.folded = true
	}
}

// How many ids a cursor looks ahead, at the first step and then. Most ranges
// are short.
const (
	firstAhead = 128
	thenAhead  = 512
)

// seek finds the ids that come behind the last key, at least most if there are
// so many. The caller holds the order.
func (c *Cursor) seek(most int) {
	size := firstAhead
	if c.begun {
		size = thenAhead
		c.pass()
	}
	c.collect(max(size, most))
	c.ahead, c.version = c.ids, c.d.order.version
}

// pass takes away from the range what lies before the last key, and that.
func (c *Cursor) pass() {
	if c.dir == Descending {
		c.to = string(c.last)
	} else {
		c.from = string(c.last) + "\x00"
	}
}
