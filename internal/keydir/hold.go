package keydir

// Hold keeps a live key from being expired until Release, although its
// deadline may pass: a later one is on its way.
func (d *Keydir) Hold(h uint64, key string) {
	s := d.Stripe(h)
	s.lock()
	defer s.mu.Unlock()
	if i := s.findLive(h, key); i >= 0 {
		s.arena.at(s.table.slots[i].ref()).set(held)
	}
}

// Release ends Hold, and does nothing to a key that is gone or not held.
func (d *Keydir) Release(h uint64, key string) {
	s := d.Stripe(h)
	s.lock()
	defer s.mu.Unlock()
	i := s.find(fragment(h), key)
	if i < 0 {
		return
	}
	ref := s.table.slots[i].ref()
	p := s.arena.at(ref)
	if !p.has(held) {
		return
	}
	p.clear(held)
	if p.has(live) {
		d.file(idOf(h, ref), p)
	}
}
