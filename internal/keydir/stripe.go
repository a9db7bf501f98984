package keydir

import (
	"sync"
	"sync/atomic"
)

// The top bits of a hash choose the stripe; the low half finds the slot in
// its table, so the two are independent.
const (
	stripeBits  = 6
	stripeCount = 1 << stripeBits
	stripeShift = 64 - stripeBits
)

// Stripe is one of the parts into which the keys are divided by their hash,
// each with a lock of its own. A reader that copies a value out of a segment
// holds the stripe's read lock meanwhile, so that Barrier can wait for it.
type Stripe struct {
	mu    sync.RWMutex // protects table and arena
	table table
	arena arena
	live  atomic.Int64 // entries flagged live; written under mu

	_ [64]byte // keeps the next stripe's lock out of this one's cache line
}

// RLock takes the stripe for reading.
func (s *Stripe) RLock() { s.mu.RLock() }

// RUnlock lets go of what RLock took.
func (s *Stripe) RUnlock() { s.mu.RUnlock() }

// Find returns the entry of a live key. The caller holds RLock. The clock is
// not looked at: the entry may have expired.
func (s *Stripe) Find(h uint64, key string) (Entry, bool) {
	ref := s.findLive(h, key)
	if ref == 0 {
		return Entry{}, false
	}
	return s.arena.at(ref).entry(), true
}

// findLive returns the key's entry, or 0 if it has none or a ghost.
func (s *Stripe) findLive(h uint64, key string) uint32 {
	ref := s.find(fragment(h), key)
	if ref == 0 || !s.arena.at(ref).has(live) {
		return 0
	}
	return ref
}

// find returns the key's entry, live or ghost, or 0.
func (s *Stripe) find(frag uint32, key string) uint32 {
	slots := s.table.slots
	if len(slots) == 0 {
		return 0
	}
	mask := uint32(len(slots) - 1)
	for i := frag & mask; ; i = (i + 1) & mask {
		slot := slots[i]
		if slot == 0 {
			return 0
		}
		if slotFragment(slot) == frag && string(s.arena.at(slotRef(slot)).key()) == key {
			return slotRef(slot)
		}
	}
}

// create makes a live entry for a key that has none. It returns 0 if there
// is no room.
func (s *Stripe) create(frag uint32, key string) uint32 {
	ref := s.arena.alloc(len(key))
	if ref == 0 {
		return 0
	}
	p := s.arena.at(ref)
	p.setKey(key)
	p.set(live)
	s.table.insert(makeSlot(frag, ref))
	return ref
}

// destroy gives the entry's slot and bytes back. Nobody may hold its id but
// the deadlines, which judge by what they find.
func (s *Stripe) destroy(frag, ref uint32) {
	s.table.remove(makeSlot(frag, ref))
	s.arena.release(ref)
}
