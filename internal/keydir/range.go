package keydir

import "math/bits"

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
	d.order.mu.Lock()
	defer d.order.mu.Unlock()
	d.foldLocked()
	for more, end := true, len(dst)+max; more && len(dst) < end; {
		var ids []uint32
		ids, more = d.collect(from, to, Ascending, end-len(dst))
		if more { // some of these may be ghosts
			from = string(d.keyOf(ids[len(ids)-1])) + "\x00"
		}
		dst = d.appendPairs(dst, ids, liveAt)
	}
	return dst
}

// collect returns the first ids in the tree with from <= key < to, in the
// order of the direction, at most max, and whether there are more. They are
// valid until the next call. The caller holds the order.
//
// It looks at keys only, and at no stripe: so the processor fetches the next
// keys while it compares one.
func (d *Keydir) collect(from, to string, dir Direction, max int) (ids []uint32, more bool) {
	ids = d.order.ids[:0]
	d.walk(from, to, dir, func(id uint32) bool {
		if len(ids) == max {
			more = true
			return false
		}
		ids = append(ids, id)
		return true
	})
	d.order.ids = ids
	return ids, more
}

// together is how many keys of a range are looked up at once, and share an
// allocation: who keeps one keeps the others.
const together = 16

// appendPairs appends the pairs of those ids that see reports as there. It is
// called with the key's stripe held and the place of its slot. The caller
// holds the order.
func (d *Keydir) appendPairs(dst []Pair, ids []uint32, see func(s *Stripe, i int, id uint32) (Entry, bool)) []Pair {
	for len(ids) > 0 {
		n := min(len(ids), together)
		dst = d.appendGroup(dst, ids[:n], see)
		ids = ids[n:]
	}
	return dst
}

// appendGroup is appendPairs for few ids. What it must wait for memory for, it
// asks for all of them before it looks at one: their keys, then their slots.
func (d *Keydir) appendGroup(dst []Pair, ids []uint32, see func(s *Stripe, i int, id uint32) (Entry, bool)) []Pair {
	var keys [together][]byte
	var frags [together]uint32
	for i, id := range ids {
		keys[i] = d.keyOf(id)
	}
	for i := range ids {
		frags[i] = fragment(d.HashBytes(keys[i]))
	}
	held := d.holdAll(ids)
	d.warm(ids, &frags)
	var ends [together]int
	buf, first := d.order.keys[:0], len(dst)
	for i, id := range ids {
		s := d.stripeOf(id)
		entry, ok := see(s, s.table.at(frags[i], id&refMask), id)
		if !ok {
			continue
		}
		buf = append(buf, keys[i]...)
		ends[len(dst)-first] = len(buf)
		dst = append(dst, Pair{Entry: entry})
	}
	d.letGoOf(held)
	d.order.keys = buf
	text, from := string(buf), 0
	for i := range dst[first:] {
		dst[first+i].Key = text[from:ends[i]]
		from = ends[i]
	}
	return dst
}

// warm looks at the first slot where that of each id may be, so that it is in
// the processor's cache when it is looked for. A compiler that saw that nobody
// wants the sum would leave out the looking.
//
//go:noinline
func (d *Keydir) warm(ids []uint32, frags *[together]uint32) (sum uint64) {
	for i, id := range ids {
		t := &d.stripeOf(id).table
		sum += t.slots[frags[i]&t.mask()].word
	}
	return sum
}

// holdAll takes the stripes of some ids for reading, and returns which these
// are, a bit for each. Several at once may be held because they are taken in
// their order, nobody who holds one for writing waits for another, and all are
// loaded before the order can be held.
func (d *Keydir) holdAll(ids []uint32) (held uint64) {
	for _, id := range ids {
		held |= 1 << (id >> refBits)
	}
	for left := held; left != 0; left &= left - 1 {
		d.stripes[bits.TrailingZeros64(left)].RLock()
	}
	return held
}

// letGoOf lets go of what holdAll took.
func (d *Keydir) letGoOf(held uint64) {
	for ; held != 0; held &= held - 1 {
		d.stripes[bits.TrailingZeros64(held)].RUnlock()
	}
}

// liveAt returns the entry of a slot if it is live. The caller holds the
// stripe.
func liveAt(s *Stripe, i int, _ uint32) (Entry, bool) {
	if !s.table.slots[i].spot.live() {
		return Entry{}, false
	}
	return s.entryAt(i), true
}
