package keydir

import "sync/atomic"

// table finds entries by hash: open addressing with linear probing. It knows
// nothing of keys; Stripe.find compares them.
//
//	slot
//	+-------------------------+-------------------------+--------------------+
//	| low half of the hash 32 | ref of the entry 32     | spot 64            |
//	+-------------------------+-------------------------+--------------------+
//
// The first word is 0 in an empty slot. The fragment both places the slot
// and rejects other keys, so growing and shifting never touch an entry. The
// spot says where the record lies, so that a reader needs no more of the
// index than one slot: see Stripe.Locate.
//
// Whoever looks for a slot holds the stripe's lock, or goes by seek, which
// takes none. So what may be seen without it changes by atomic stores.
type table struct {
	slots []slot // a power of two of them, at most 4/5 used
	used  int

	// shown are the slots as seek sees them, nil until they have all that they
	// should. It is replaced when the table grows; who still looks at the
	// slots that it had before finds what was so when he began.
	shown atomic.Pointer[[]slot]
	// moves is odd while slots are moved to close a hole. Who has looked at
	// slots meanwhile may have missed one.
	moves atomic.Uint32
}

type slot struct {
	word uint64
	spot spot
}

const minSlots = 8

// fragment returns the part of a hash that a slot keeps.
func fragment(h uint64) uint32 { return uint32(h) }

func makeWord(frag, ref uint32) uint64 { return uint64(frag)<<32 | uint64(ref) }

func (s slot) empty() bool { return s.word == 0 }

func (s slot) fragment() uint32 { return uint32(s.word >> 32) }

func (s slot) ref() uint32 { return uint32(s.word) }

// set replaces a slot that may be looked at. The spot comes first: a word that
// is seen has its spot, or a newer one.
func (s *slot) set(to slot) {
	s.lead(to.spot)
	atomic.StoreUint64(&s.word, to.word)
}

// lead changes the spot of a slot that may be looked at.
func (s *slot) lead(to spot) { atomic.StoreUint64((*uint64)(&s.spot), uint64(to)) }

// insert adds a slot that is not in the table and returns its place.
func (t *table) insert(s slot) int {
	if (t.used+1)*5 > len(t.slots)*4 {
		t.grow()
	}
	t.used++
	i := t.free(s)
	t.slots[i].set(s)
	return int(i)
}

// reserve makes an empty table as long as it would grow to for so many slots.
// It is not shown.
func (t *table) reserve(n int) {
	size := minSlots
	for n*5 > size*4 {
		size *= 2
	}
	t.slots = make([]slot, size)
}

// grow doubles the table.
func (t *table) grow() {
	old := t.slots
	t.slots = make([]slot, max(minSlots, 2*len(old)))
	for _, s := range old {
		if !s.empty() {
			t.slots[t.free(s)] = s
		}
	}
	t.show()
}

// show has seek look at the slots that there are now.
func (t *table) show() {
	slots := t.slots
	t.shown.Store(&slots)
}

// free returns the first empty place for a slot from its home on.
func (t *table) free(s slot) uint32 {
	i := t.home(s)
	for !t.slots[i].empty() {
		i = t.after(i)
	}
	return i
}

// seek returns the spot of the first slot with this fragment, a ghost's or not.
// It needs no lock; sure is false if it would have.
func (t *table) seek(frag uint32) (at spot, found, sure bool) {
	shown, moves := t.shown.Load(), t.moves.Load()
	if shown == nil || moves&1 != 0 {
		return 0, false, false
	}
	slots := *shown
	mask := uint32(len(slots) - 1)
	for i := frag & mask; ; i = (i + 1) & mask {
		word := atomic.LoadUint64(&slots[i].word)
		if word == 0 {
			break
		}
		if found = uint32(word>>32) == frag; found {
			at = spot(atomic.LoadUint64((*uint64)(&slots[i].spot)))
			break
		}
	}
	return at, found, t.moves.Load() == moves
}

// at returns the place of the slot of an entry, which must be there.
func (t *table) at(frag, ref uint32) int {
	word := makeWord(frag, ref)
	i := frag & t.mask()
	for t.slots[i].word != word {
		i = t.after(i)
	}
	return int(i)
}

// remove takes out a slot that is in the table, and closes the hole: every
// slot of the run behind it that may move up does, so probing needs no
// marks for the deleted.
func (t *table) remove(frag, ref uint32) {
	t.moves.Add(1)
	defer t.moves.Add(1)
	hole := uint32(t.at(frag, ref))
	for i := t.after(hole); !t.slots[i].empty(); i = t.after(i) {
		if t.distance(t.home(t.slots[i]), i) >= t.distance(hole, i) {
			t.slots[hole].set(t.slots[i])
			hole = i
		}
	}
	t.slots[hole].set(slot{})
	t.used--
}

// home is where probing for the slot begins.
func (t *table) home(s slot) uint32 { return s.fragment() & t.mask() }

func (t *table) after(i uint32) uint32 { return (i + 1) & t.mask() }

// distance is the number of steps from a place to a later one.
func (t *table) distance(from, to uint32) uint32 { return (to - from) & t.mask() }

func (t *table) mask() uint32 { return uint32(len(t.slots) - 1) }
