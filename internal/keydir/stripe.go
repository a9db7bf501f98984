package keydir

import (
	"sync"
	"sync/atomic"

	"github.com/spcent/plumego/store/internal/spin"
)

// The top bits of a hash choose the stripe; the low half finds the slot in
// its table, so the two are independent.
const (
	stripeBits  = 6
	stripeCount = 1 << stripeBits
	stripeShift = 64 - stripeBits
)

// Stripe is one of the parts into which the keys are divided by their hash,
// each with a lock of its own.
//
// A reader that copies a value out of a segment holds a pin meanwhile, so that
// Barrier can wait for it, and no lock: a writer does not wait for the copy, nor
// for a reader who has lost his processor in the middle of it.
type Stripe struct {
	pins sync.RWMutex // pinned for reading; comes before mu

	mu    sync.RWMutex // protects the fields below; taken by lock and RLock
	cold  func()       // fills the stripe from an image; nil: it is filled
	table table
	arena arena
	undo  []undo       // by the number of the snapshot; mostly none
	live  atomic.Int64 // entries flagged live; written under mu

	_ [64]byte // keeps the next stripe's lock out of this one's cache line
}

// RLock takes the stripe for reading.
func (s *Stripe) RLock() {
	spin.ReadLock(&s.mu)
	if s.cold != nil {
		s.mu.RUnlock()
		s.warm()
		s.mu.RLock()
	}
}

// warm fills the stripe if it is not.
func (s *Stripe) warm() {
	s.lock()
	s.mu.Unlock()
}

// lock takes the stripe for writing.
func (s *Stripe) lock() {
	spin.WriteLock(&s.mu)
	if s.cold != nil {
		s.cold()
		s.cold = nil
		s.table.show()
	}
}

// RUnlock lets go of what RLock took.
func (s *Stripe) RUnlock() { s.mu.RUnlock() }

// Pin keeps what the stripe leads to where it is, until Unpin.
func (s *Stripe) Pin() { spin.ReadLock(&s.pins) }

// Unpin lets go of what Pin took.
func (s *Stripe) Unpin() { s.pins.RUnlock() }

// Locate returns where the record lies of the first key with this hash, as far
// as slots keep hashes, if that is live. It is nearly always the key that is
// meant, but nothing has been compared: who reads the record must compare its
// key, and use Find if it is another or cannot be read, or if ok is false with
// maybe true. The caller holds a pin, and need not hold RLock.
//
// ok also promises that the record's own deadline is the key's.
func (s *Stripe) Locate(h uint64) (segment uint32, offset int64, ok, maybe bool) {
	at, found, sure := s.table.seek(fragment(h))
	if !sure {
		return 0, 0, false, true
	}
	return at.segment(), at.offset(), at.live() && !at.touched(), found
}

// DeadlineAt returns the deadline of the live key with this hash whose record
// lies at that place, if there is one. A place has one record, so no key is
// compared. The caller holds RLock.
func (s *Stripe) DeadlineAt(h uint64, segment uint32, offset int64) (deadline int64, ok bool) {
	slots := s.table.slots
	if len(slots) == 0 {
		return 0, false
	}
	frag, mask := fragment(h), uint32(len(slots)-1)
	for i := frag & mask; !slots[i].empty(); i = (i + 1) & mask {
		if slot := &slots[i]; slot.fragment() == frag && slot.spot.at(segment, offset) {
			return s.arena.at(slot.ref()).deadline(), true
		}
	}
	return 0, false
}

// Find returns the entry of a live key. The caller holds RLock. The clock is
// not looked at: the entry may have expired.
func (s *Stripe) Find(h uint64, key string) (Entry, bool) {
	i := s.findLive(h, key)
	if i < 0 {
		return Entry{}, false
	}
	return s.entryAt(i), true
}

// entryAt returns the entry of a slot.
func (s *Stripe) entryAt(i int) Entry {
	slot := &s.table.slots[i]
	return s.arena.at(slot.ref()).entry(slot.spot)
}

// findLive returns the place of the key's slot, or -1 if it has none or a
// ghost's.
func (s *Stripe) findLive(h uint64, key string) int {
	i := s.find(fragment(h), key)
	if i >= 0 && !s.table.slots[i].spot.live() {
		return -1
	}
	return i
}

// find returns the place of the key's slot, live or ghost, or -1.
func (s *Stripe) find(frag uint32, key string) int {
	slots := s.table.slots
	if len(slots) == 0 {
		return -1
	}
	mask := uint32(len(slots) - 1)
	for i := frag & mask; ; i = (i + 1) & mask {
		slot := &slots[i]
		if slot.empty() {
			return -1
		}
		if slot.fragment() == frag && string(s.arena.at(slot.ref()).key()) == key {
			return int(i)
		}
	}
}

// create makes a live entry for a key that has none and returns the place of
// its slot, or -1 if there is no room.
func create[K string | []byte](s *Stripe, frag uint32, key K) int {
	ref := s.arena.alloc(len(key))
	if ref == 0 {
		return -1
	}
	p := s.arena.at(ref)
	setKey(p, key)
	p.set(live)
	return s.table.insert(slot{word: makeWord(frag, ref)})
}

// destroy gives the entry's slot and bytes back. Nobody may hold its id but
// the deadlines, which judge by what they find.
func (s *Stripe) destroy(frag, ref uint32) {
	s.table.remove(frag, ref)
	s.arena.release(ref)
}
