package keydir

import (
	"slices"
	"strings"
)

// see returns the entry of an id and whether it is there. The fragment of its
// hash counts if the entry is to be whole. The caller holds the stripe and the
// order.
func (c *Cursor) see(s *Stripe, id, frag uint32) (Entry, bool) {
	if c.of != nil {
		if w, changed := s.before(c.of.number, id); changed {
			return w.entry(), w.live()
		}
	}
	if c.detail == DeadlineOnly {
		p := s.arena.at(id & refMask)
		return Entry{Deadline: p.deadline()}, p.has(live)
	}
	w := s.was(s.table.at(frag, id&refMask))
	return w.entry(), w.live()
}

// together is how many keys of a range are looked up at once.
const together = 64

// append appends the pairs of those ids that are there. The caller holds the
// order.
func (c *Cursor) append(dst []Pair, ids []uint32) []Pair {
	dst = slices.Grow(dst, len(ids))
	for len(ids) > 0 {
		n := min(len(ids), together)
		dst = c.appendGroup(dst, ids[:n])
		ids = ids[n:]
	}
	return dst
}

// appendGroup is append for few ids. What it must wait for memory for, it asks
// for all of them before it looks at one: their entries, then their slots.
func (c *Cursor) appendGroup(dst []Pair, ids []uint32) []Pair {
	d := c.d
	var g group
	g.find(d, ids)
	if c.detail == Whole {
		g.hash(d, ids)
	}
	var stripes set
	for _, id := range ids {
		stripes |= setOf(uint64(id >> refBits))
	}
	held := d.holdAll(stripes)
	if c.detail == Whole {
		g.warm(d, ids)
	}
	first := len(dst)
	var seen [together]int // the places in the group of those appended
	for i, id := range ids {
		if entry, ok := c.see(d.stripeOf(id), id, g.frags[i]); ok {
			seen[len(dst)-first] = i
			dst = append(dst, Pair{Entry: entry})
		}
	}
	d.letGoOf(held)
	g.name(dst[first:], &seen)
	return dst
}

// group is some entries that are looked at together, and their hashes.
type group struct {
	entries [together]packed
	frags   [together]uint32
}

// find finds the entries and begins to fetch them: the lines of where a key
// begins and ends, the only bytes that may be looked at without the stripe. No
// turn of its loops depends on what another has found, so the processor goes
// on to the next while it waits for memory.
func (g *group) find(d *Keydir, ids []uint32) {
	for i, id := range ids {
		g.entries[i] = d.at(id)
	}
	g.touch(len(ids))
}

// touch looks at the entries. A compiler that saw that nobody wants the sum
// would leave out the looking.
//
//go:noinline
func (g *group) touch(n int) (sum byte) {
	for _, p := range g.entries[:n] {
		sum += p[headerSize+p.keyLen()-1]
	}
	return sum
}

// hash hashes the entries' keys.
func (g *group) hash(d *Keydir, ids []uint32) {
	for i := range ids {
		g.frags[i] = fragment(d.HashBytes(g.entries[i].key()))
	}
}

// warm is touch for the first slot where that of each id may be. The caller
// holds the stripes.
//
//go:noinline
func (g *group) warm(d *Keydir, ids []uint32) (sum uint64) {
	for i, id := range ids {
		t := &d.stripeOf(id).table
		sum += t.slots[g.frags[i]&t.mask()].word
	}
	return sum
}

// shared is how many keys of a range share an allocation: who keeps one keeps
// the others.
const shared = 16

// name gives the pairs copies of their keys: the first one that of the entry
// seen[0], and so on.
func (g *group) name(pairs []Pair, seen *[together]int) {
	for from := 0; from < len(pairs); from += shared {
		to := min(from+shared, len(pairs))
		size := 0
		for _, i := range seen[from:to] {
			size += g.entries[i].keyLen()
		}
		var b strings.Builder
		b.Grow(size)
		for _, i := range seen[from:to] {
			b.Write(g.entries[i].key())
		}
		text := b.String()
		for i := from; i < to; i++ {
			n := g.entries[seen[i]].keyLen()
			pairs[i].Key, text = text[:n], text[n:]
		}
	}
}
