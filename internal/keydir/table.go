package keydir

// table finds entries by hash: open addressing with linear probing. It knows
// nothing of keys; Stripe.find compares them.
//
//	slot, 0: empty
//	+-------------------------+-------------------------+
//	| low half of the hash 32 | ref of the entry 32     |
//	+-------------------------+-------------------------+
//
// The fragment both places the slot and rejects other keys, so growing and
// shifting never touch an entry.
type table struct {
	slots []uint64 // a power of two of them, at most 4/5 used
	used  int
}

const minSlots = 8

// fragment returns the part of a hash that a slot keeps.
func fragment(h uint64) uint32 { return uint32(h) }

func makeSlot(frag, ref uint32) uint64 { return uint64(frag)<<32 | uint64(ref) }

func slotFragment(slot uint64) uint32 { return uint32(slot >> 32) }

func slotRef(slot uint64) uint32 { return uint32(slot) }

// insert adds a slot that is not in the table.
func (t *table) insert(slot uint64) {
	if (t.used+1)*5 > len(t.slots)*4 {
		t.grow()
	}
	t.place(slot)
	t.used++
}

// grow doubles the table.
func (t *table) grow() {
	old := t.slots
	t.slots = make([]uint64, max(minSlots, 2*len(old)))
	for _, slot := range old {
		if slot != 0 {
			t.place(slot)
		}
	}
}

// place writes the slot into the first empty place from its home on.
func (t *table) place(slot uint64) {
	i := t.home(slot)
	for t.slots[i] != 0 {
		i = t.after(i)
	}
	t.slots[i] = slot
}

// remove takes out a slot that is in the table, and closes the hole: every
// slot of the run behind it that may move up does, so probing needs no
// marks for the deleted.
func (t *table) remove(slot uint64) {
	hole := t.home(slot)
	for t.slots[hole] != slot {
		hole = t.after(hole)
	}
	for i := t.after(hole); t.slots[i] != 0; i = t.after(i) {
		if t.distance(t.home(t.slots[i]), i) >= t.distance(hole, i) {
			t.slots[hole] = t.slots[i]
			hole = i
		}
	}
	t.slots[hole] = 0
	t.used--
}

// home is where probing for the slot begins.
func (t *table) home(slot uint64) uint32 { return slotFragment(slot) & t.mask() }

func (t *table) after(i uint32) uint32 { return (i + 1) & t.mask() }

// distance is the number of steps from a place to a later one.
func (t *table) distance(from, to uint32) uint32 { return (to - from) & t.mask() }

func (t *table) mask() uint32 { return uint32(len(t.slots) - 1) }
