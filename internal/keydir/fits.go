package keydir

// Claims are keys that somebody is about to Put, counted by the room they may
// take in each stripe. The zero value has none. It has no lock of its own.
type Claims struct{ stripes [stripeCount]claim }

// claim is what the keys of a stripe may take if they are new there.
type claim struct {
	shared int // units, of the keys that share pieces
	pieces int // of the keys that have pieces of their own
}

// Add counts a key of that hash and so many bytes.
func (c *Claims) Add(h uint64, keyLen int) { c.stripes[h>>stripeShift].count(keyLen, 1) }

// Drop takes back what Add has counted.
func (c *Claims) Drop(h uint64, keyLen int) { c.stripes[h>>stripeShift].count(keyLen, -1) }

func (c *claim) count(keyLen, n int) {
	_, units := sizeClass(keyLen)
	if units > sharedMax {
		c.pieces += n * piecesOf(units)
	} else {
		c.shared += n * int(units)
	}
}

// most returns how many pieces are enough for the keys, in whatever order they
// come. A piece is left for the next when a key does not fit any more, which
// wastes at most one unit less than the longest key that shares takes.
func (c *claim) most() int {
	const filled = chunkUnits - (sharedMax - 1)
	return c.pieces + (c.shared+filled-1)/filled
}

// Fits reports whether Put has room for the key, also if it comes after Puts
// of others. It is for those who must know before they write elsewhere. It may
// say no a little early, but never to a key that is there, nor, if no others
// claim room in its stripe, to one that Put would take. Of a stripe that is
// still to be loaded it knows nothing, and says yes.
func (d *Keydir) Fits(h uint64, key string, others *Claims) bool {
	s, c := d.Stripe(h), others.stripes[h>>stripeShift]
	alone := c == claim{}
	c.count(len(key), 1)
	if s.arena.pieces(c.most()) {
		return true
	}
	if s.fits(h, key, alone) {
		return true
	}
	d.Fold() // the dead may be holding the room
	return s.fits(h, key, alone)
}

// Suffices reports whether the stripe of a hash has room for all keys that
// claim it there, even if none is there yet.
func (d *Keydir) Suffices(h uint64, all *Claims) bool {
	return d.Stripe(h).arena.pieces(all.stripes[h>>stripeShift].most())
}

// fits reports whether a key is there, or finds room if it comes alone.
func (s *Stripe) fits(h uint64, key string, alone bool) bool {
	s.RLock()
	defer s.RUnlock()
	return s.findLive(h, key) >= 0 || alone && s.arena.takes(len(key))
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
	return a.pieces(piecesOf(units))
}

// piecesOf returns how many pieces so many units take.
func piecesOf(units uint32) int { return int(units+chunkUnits-1) / chunkUnits }
