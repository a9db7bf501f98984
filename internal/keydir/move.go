package keydir

// Owner returns the entry of a live key, and whether its deadline is not the
// one in its record.
func (d *Keydir) Owner(h uint64, key string) (e Entry, touched, ok bool) {
	s := d.Stripe(h)
	s.mu.RLock()
	defer s.mu.RUnlock()
	i := s.findLive(h, key)
	if i < 0 {
		return Entry{}, false, false
	}
	return s.entryAt(i), s.table.slots[i].spot.touched(), true
}

// Move leads a live key whose record lies at one place to the same record at
// another, where it carries this deadline. It reports whether the key was
// still there; if not, nothing has changed. Only the places of from and to
// are looked at.
func (d *Keydir) Move(h uint64, key string, from, to Entry, deadline int64) bool {
	s := d.Stripe(h)
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.findLive(h, key)
	if i < 0 {
		return false
	}
	slot := &s.table.slots[i]
	if slot.spot.segment() != from.Segment || slot.spot.offset() != from.Offset {
		return false
	}
	slot.spot = makeSpot(to)
	if s.arena.at(slot.ref()).deadline() != deadline {
		slot.spot |= spotTouched
	}
	return true
}
