package keydir

// FetchMost is the most keys that Fetch takes.
const FetchMost = 64

// Fetch looks at the slots and the entries of keys with these hashes, so that
// they are in the processor's cache when Put or Delete comes to them. As when
// the log reads many values, nothing depends on what was found before, so the
// processor waits for the memory of all keys at once.
//
// That takes all their stripes together: a lock between two looks would have
// the second wait for the first. A stripe that is still to be loaded is left
// alone.
func (d *Keydir) Fetch(hashes []uint64) (sum uint64) {
	var stripes set
	for _, h := range hashes {
		stripes |= setOf(h >> stripeShift)
	}
	held := d.holdAll(stripes)
	for _, h := range hashes {
		if s := d.Stripe(h); held&setOf(h>>stripeShift) != 0 && len(s.table.slots) > 0 {
			sum += s.table.slots[fragment(h)&s.table.mask()].word
		}
	}
	for _, h := range hashes {
		if held&setOf(h>>stripeShift) != 0 {
			sum += d.Stripe(h).Fetch(h)
		}
	}
	d.letGoOf(held)
	return sum
}

// Fetch looks at both ends of the entry that the first slot with this hash
// leads to, if there is one. The caller holds RLock.
func (s *Stripe) Fetch(h uint64) (sum uint64) {
	slots := s.table.slots
	if len(slots) == 0 {
		return 0
	}
	frag, mask := fragment(h), s.table.mask()
	for i := frag & mask; !slots[i].empty(); i = (i + 1) & mask {
		if slots[i].fragment() == frag {
			p := s.arena.at(slots[i].ref())
			return uint64(p[0]) + uint64(p[min(len(p)-1, 63)])
		}
	}
	return 0
}
