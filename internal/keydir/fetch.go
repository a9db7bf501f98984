package keydir

import "math/bits"

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
	held := d.holdThose(hashes)
	for _, h := range hashes {
		if s := d.Stripe(h); held&stripeBit(h) != 0 && len(s.table.slots) > 0 {
			sum += s.table.slots[fragment(h)&s.table.mask()].word
		}
	}
	for _, h := range hashes {
		if held&stripeBit(h) != 0 {
			sum += d.Stripe(h).Fetch(h)
		}
	}
	d.letThose(held)
	return sum
}

// stripeBit is the stripe of a hash as an element of a set.
func stripeBit(h uint64) uint64 { return 1 << (h >> stripeShift) }

// holdThose takes, for reading, the stripes of some hashes that are loaded, in
// their order, and returns the set of them.
func (d *Keydir) holdThose(hashes []uint64) (held uint64) {
	var wanted uint64
	for _, h := range hashes {
		wanted |= stripeBit(h)
	}
	for ; wanted != 0; wanted &= wanted - 1 {
		i := bits.TrailingZeros64(wanted)
		s := &d.stripes[i]
		if s.mu.RLock(); s.cold != nil {
			s.mu.RUnlock()
			continue
		}
		held |= 1 << i
	}
	return held
}

func (d *Keydir) letThose(held uint64) {
	for ; held != 0; held &= held - 1 {
		d.stripes[bits.TrailingZeros64(held)].mu.RUnlock()
	}
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
