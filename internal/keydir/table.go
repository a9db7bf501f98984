package keydir

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
type table struct {
	slots []slot // a power of two of them, at most 4/5 used
	used  int
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

// insert adds a slot that is not in the table and returns its place.
func (t *table) insert(s slot) int {
	if (t.used+1)*5 > len(t.slots)*4 {
		t.grow()
	}
	t.used++
	return t.place(s)
}

// reserve makes an empty table as long as it would grow to for so many slots.
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
			t.place(s)
		}
	}
}

// place writes the slot into the first empty place from its home on.
func (t *table) place(s slot) int {
	i := t.home(s)
	for !t.slots[i].empty() {
		i = t.after(i)
	}
	t.slots[i] = s
	return int(i)
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
	hole := uint32(t.at(frag, ref))
	for i := t.after(hole); !t.slots[i].empty(); i = t.after(i) {
		if t.distance(t.home(t.slots[i]), i) >= t.distance(hole, i) {
			t.slots[hole] = t.slots[i]
			hole = i
		}
	}
	t.slots[hole] = slot{}
	t.used--
}

// home is where probing for the slot begins.
func (t *table) home(s slot) uint32 { return s.fragment() & t.mask() }

func (t *table) after(i uint32) uint32 { return (i + 1) & t.mask() }

// distance is the number of steps from a place to a later one.
func (t *table) distance(from, to uint32) uint32 { return (to - from) & t.mask() }

func (t *table) mask() uint32 { return uint32(len(t.slots) - 1) }
