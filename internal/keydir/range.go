package keydir

// Pair is a key with its entry.
type Pair struct {
	Key   string
	Entry Entry
}

// Range appends to dst the live pairs with from <= key < to in the order of
// their keys, at most max of them, and returns it. An empty to is no bound.
//
// To go through more keys than that, call it again from the least key after
// the last one returned, which is that key with a zero byte appended. Each
// call sees the keys that are live when it comes to them.
func (d *Keydir) Range(dst []Pair, from, to string, max int) []Pair {
	return d.rangeLive(dst, from, to, max, view{places: true})
}

// RangeKeys is Range for those who need keys and deadlines: of the entries
// nothing else counts. It takes half the time.
func (d *Keydir) RangeKeys(dst []Pair, from, to string, max int) []Pair {
	return d.rangeLive(dst, from, to, max, view{})
}

func (d *Keydir) rangeLive(dst []Pair, from, to string, max int, v view) []Pair {
	d.order.mu.Lock()
	defer d.order.mu.Unlock()
	d.foldLocked()
	for more, end := true, len(dst)+max; more && len(dst) < end; {
		var ids []uint32
		ids, more = d.collect(from, to, Ascending, end-len(dst))
		if more { // some of these may be ghosts
			from = string(d.keyOf(ids[len(ids)-1])) + "\x00"
		}
		dst = d.appendPairs(dst, ids, v)
	}
	return dst
}

// view says what a range shows.
type view struct {
	of     *Snapshot // nil: what is live now
	places bool      // where records lie, too; that takes a look at each slot
}

// see returns the entry of an id and whether it is there. The fragment of its
// hash counts if the view has places. The caller holds the stripe and the
// order.
func (v view) see(s *Stripe, id, frag uint32) (Entry, bool) {
	if v.of != nil && len(s.undo) > 0 {
		if w, changed := s.before(v.of.number, id); changed {
			return w.entry(), w.live()
		}
	}
	if v.places {
		w := s.was(s.table.at(frag, id&refMask))
		return w.entry(), w.live()
	}
	p := s.arena.at(id & refMask)
	return Entry{Deadline: p.deadline()}, p.has(live)
}

// together is how many keys of a range are looked up at once.
const together = 64

// appendPairs appends the pairs of those ids that the view has. The caller
// holds the order.
func (d *Keydir) appendPairs(dst []Pair, ids []uint32, v view) []Pair {
	for len(ids) > 0 {
		n := min(len(ids), together)
		dst = d.appendGroup(dst, ids[:n], v)
		ids = ids[n:]
	}
	return dst
}

// appendGroup is appendPairs for few ids. What it must wait for memory for, it
// asks for all of them before it looks at one: their entries, then their
// slots.
func (d *Keydir) appendGroup(dst []Pair, ids []uint32, v view) []Pair {
	var g group
	g.find(d, ids)
	if v.places {
		g.hash(d, ids)
	}
	held := d.holdAll(ids)
	if v.places {
		g.warm(d, ids)
	}
	first := len(dst)
	var seen [together]int // the places in the group of those appended
	for i, id := range ids {
		if entry, ok := v.see(d.stripeOf(id), id, g.frags[i]); ok {
			seen[len(dst)-first] = i
			dst = append(dst, Pair{Entry: entry})
		}
	}
	d.letGoOf(held)
	g.name(dst[first:], &seen)
	return dst
}
