package keydir

// keyPieces is how many pieces of an arena the longest key may need.
const keyPieces = (maxUnits + chunkUnits - 1) / chunkUnits

// maxUnits is the size class of the longest key.
const maxUnits = 9 << 10

// Fits reports whether Put has room for the key, also if it comes after Puts
// of so many other keys. It is for those who must know before they write
// elsewhere. It may say no a little early, but never to a key that is there,
// nor, if there are no others, to one that Put would take. Of a stripe that is
// still to be loaded it knows nothing, and says yes.
func (d *Keydir) Fits(h uint64, key string, others int) bool {
	s := d.Stripe(h)
	if s.arena.pieces(keyPieces * (others + 1)) {
		return true
	}
	if d.fits(s, h, key, others) {
		return true
	}
	d.Fold() // the dead may be holding the room
	return d.fits(s, h, key, others)
}

func (d *Keydir) fits(s *Stripe, h uint64, key string, others int) bool {
	s.RLock()
	defer s.RUnlock()
	return s.findLive(h, key) >= 0 || others == 0 && s.arena.takes(len(key))
}

// Limit bounds every stripe to so many pieces of 16 KiB, for tests of what
// happens to a full index. It comes before the first key.
func (d *Keydir) Limit(pieces int) {
	for i := range d.stripes {
		d.stripes[i].arena.limit = pieces
	}
}

// pieces reports whether there is room for so many more. It needs no lock.
func (a *arena) pieces(n int) bool { return len(*a.chunks.Load())+n <= a.limit }

// takes reports whether alloc would find room.
func (a *arena) takes(keyLen int) bool {
	class, units := sizeClass(keyLen)
	switch {
	case class < len(a.free) && a.free[class] != 0, units <= sharedMax && a.next+units <= a.end:
		return true
	case units <= sharedMax && a.next < chunkUnits && a.next+units <= chunkUnits:
		return true
	}
	return a.pieces(int(units+chunkUnits-1) / chunkUnits)
}
