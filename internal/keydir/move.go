package keydir

// Move leads a live key whose record lies at one place to the same record at
// another, where it carries this deadline. It reports whether the key was
// still there; if not, nothing has changed. Only the places of from and to
// are looked at.
func (d *Keydir) Move(h uint64, key string, from, to Entry, deadline int64) bool {
	s := d.Stripe(h)
	s.lock()
	defer s.mu.Unlock()
	i := s.findLive(h, key)
	if i < 0 {
		return false
	}
	slot := &s.table.slots[i]
	if !slot.spot.at(from.Segment, from.Offset) {
		return false
	}
	at := makeSpot(to)
	if s.arena.at(slot.ref()).deadline() != deadline {
		at |= spotTouched
	}
	slot.lead(at)
	return true
}
