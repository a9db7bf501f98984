package keydir

import (
	"cmp"
	"slices"
)

// undo is what entries of a stripe were before they first changed while one
// snapshot was the newest.
//
// What an entry was for a snapshot is found in the undo of that number or of
// the next greater one that has the entry; if none has, it is as it was.
//
// An entry that an undo has as live is held: Fold leaves its slot, its key
// and its place in the tree alone even if it is a ghost by now. So the tree
// has all keys that a snapshot sees, and an id names the same key for it as
// long as it is open. An entry that an undo has as absent is not held, and
// its id may pass to another key. That key too was made after the snapshots
// that find this undo were taken, or it would have had a held entry to come
// back to; so absent is true of it as well.
type undo struct {
	snapshot uint64         // its number
	was      map[uint32]was // by id
}

// undoBytes is what a map needs for one id and what it was: weighed, from 50
// to 84 by how far it is from its next growth.
const undoBytes = 70

// was is what an entry was. The zero value: not live.
type was struct {
	at             spot
	size, deadline int64
}

func (w was) live() bool { return w.at.live() }

func (w was) entry() Entry {
	return Entry{Segment: w.at.segment(), Offset: w.at.offset(), Size: w.size, Deadline: w.deadline}
}

// was returns what the entry of a slot is.
func (s *Stripe) was(i int) was {
	slot := s.table.slots[i]
	if !slot.spot.live() {
		return was{}
	}
	p := s.arena.at(slot.ref())
	return was{slot.spot, p.size(), p.deadline()}
}

// save keeps what an entry is, which is about to change, unless no snapshot
// wants it. If one that is being closed still has it, that will do: it is
// passed on. The caller holds the stripe.
func (d *Keydir) save(s *Stripe, i int, id uint32) {
	newest := d.snapshots.newest.Load()
	if newest == 0 {
		return
	}
	if _, saved := s.before(newest, id); !saved {
		s.undoFor(newest)[id] = s.was(i)
	}
}

// before returns what an entry was for a snapshot; ok is false if it has not
// changed since. The caller holds the stripe.
func (s *Stripe) before(snapshot uint64, id uint32) (w was, ok bool) {
	for _, u := range s.undo {
		if u.snapshot < snapshot {
			continue
		}
		if w, ok = u.was[id]; ok {
			return w, true
		}
	}
	return was{}, false
}

// holds reports whether a snapshot sees the entry. The caller holds the
// stripe.
func (s *Stripe) holds(id uint32) bool {
	for _, u := range s.undo {
		if u.was[id].live() {
			return true
		}
	}
	return false
}

// undoFor returns the undo of a snapshot, made if it is missing.
func (s *Stripe) undoFor(snapshot uint64) map[uint32]was {
	i, found := s.findUndo(snapshot)
	if !found {
		s.undo = slices.Insert(s.undo, i, undo{snapshot, make(map[uint32]was)})
	}
	return s.undo[i].was
}

func (s *Stripe) findUndo(snapshot uint64) (int, bool) {
	return slices.BinarySearchFunc(s.undo, snapshot, func(u undo, n uint64) int { return cmp.Compare(u.snapshot, n) })
}

// passOn gives the next older snapshot what a closed one had and it has not,
// and drops the rest; all of it, if older is 0. It deals with max entries at
// most. At each step the older one finds the same as before, in its own undo
// or in what is left of the other.
func (d *Keydir) passOn(s *Stripe, closed, older uint64, max int) (more bool) {
	s.mu.Lock() // a stripe that is not filled has nothing
	defer s.mu.Unlock()
	i, found := s.findUndo(closed)
	if !found {
		return false
	}
	from := s.undo[i].was
	for id, w := range from {
		if max--; max < 0 {
			return true
		}
		delete(from, id)
		if older != 0 && s.keep(older, id, w) {
			continue
		}
		if w.live() {
			d.letGo(s, id)
		}
	}
	// Nothing was inserted before it but the older one's.
	i, _ = s.findUndo(closed)
	s.undo = slices.Delete(s.undo, i, i+1)
	if len(s.undo) == 0 {
		s.undo = nil
	}
	return false
}

// keep adds to the undo of a snapshot what it lacks, and reports whether it
// did.
func (s *Stripe) keep(snapshot uint64, id uint32, w was) bool {
	to := s.undoFor(snapshot)
	if _, has := to[id]; has {
		return false
	}
	to[id] = w
	return true
}

// letGo has Fold look again at an entry that was held. Nobody will, if it is
// a ghost that was left in the tree. The caller holds the stripe.
func (d *Keydir) letGo(s *Stripe, id uint32) {
	p := s.arena.at(id & refMask)
	if p.has(ordered) && !p.has(live) && !p.has(queued) {
		d.enqueue(s, id)
	}
}

// undoBytes estimates what the stripe's undo takes. The caller holds the
// stripe.
func (s *Stripe) undoBytes() (n int64) {
	for _, u := range s.undo {
		n += int64(len(u.was)) * undoBytes
	}
	return n
}
