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
	if max <= 0 {
		return dst
	}
	d.order.mu.Lock()
	defer d.order.mu.Unlock()
	d.foldLocked()
	d.order.probeKey = append(d.order.probeKey[:0], from...)
	d.order.tree.AscendGreaterOrEqual(probe, func(id uint32) bool {
		if to != "" && string(d.keyOf(id)) >= to {
			return false
		}
		if pair, ok := d.pair(id); ok {
			dst = append(dst, pair)
			max--
		}
		return max > 0
	})
	return dst
}

// pair returns a copy of a live key and its entry. The caller holds the
// order.
func (d *Keydir) pair(id uint32) (Pair, bool) {
	s := d.stripeOf(id)
	s.RLock()
	defer s.RUnlock()
	p := s.arena.at(id & refMask)
	if !p.has(live) {
		return Pair{}, false
	}
	return Pair{string(p.key()), s.entryAt(d.slotOf(s, id&refMask))}, true
}
