package cache

import "encoding/binary"

// table is a page of the index: the slots of all records whose tags begin
// with the same depth bits, hashed with linear probing, and fingerprints of
// such keys that were evicted.
//
//	+-------+-------+--------+----------------------+-------------------+
//	| count | depth | unused | ghosts, an eighth of | slots, 8 bytes    |
//	| 4     | 1     | 3      | the page             | each              |
//	+-------+-------+--------+----------------------+-------------------+
type table []byte

const (
	tableHeader = 8
	slotBytes   = 8
)

func (t table) reset(depth uint) {
	clear(t)
	t[4] = byte(depth)
}

func (t table) count() int     { return int(binary.LittleEndian.Uint32(t)) }
func (t table) setCount(n int) { binary.LittleEndian.PutUint32(t, uint32(n)) }
func (t table) depth() uint    { return uint(t[4]) }
func (t table) slotsAt() int   { return tableHeader + len(t)/ghostShare }
func (t table) slots() int     { return (len(t) - t.slotsAt()) / slotBytes }

func (t table) slot(i int) slot {
	return slot(binary.LittleEndian.Uint64(t[t.slotsAt()+slotBytes*i:]))
}

func (t table) setSlot(i int, s slot) {
	binary.LittleEndian.PutUint64(t[t.slotsAt()+slotBytes*i:], uint64(s))
}

// full reports whether the table has to be split before it takes another
// slot: linear probing wants a fifth of it empty.
func (t table) full() bool { return t.count() >= t.slots()*4/5 }

// home returns where the search for a tag begins. The bits of a tag are mixed,
// as the first are the same in all of the table.
func (t table) home(tag uint32) int {
	return int(uint64(tag*0x9e3779b1) * uint64(t.slots()) >> 32)
}

// seek returns the first slot with a tag, or the empty one that ends the search.
func (t table) seek(tag uint32) int {
	slots := t[t.slotsAt():]
	for i := t.home(tag); ; i = t.after(i) {
		s := slot(binary.LittleEndian.Uint64(slots[slotBytes*i:]))
		if s == 0 || s.tag() == tag {
			return i
		}
	}
}

// touch notes an access. A slot that has its fill is left alone: a write would
// take its line from the other processors.
func (t table) touch(i int) {
	if s := t.slot(i); s.touched() != s {
		t.setSlot(i, s.touched())
	}
}

func (t table) after(i int) int {
	if i++; i < t.slots() {
		return i
	}
	return 0
}

// insert adds a slot. There must be room.
func (t table) insert(s slot) {
	i := t.home(s.tag())
	for t.slot(i) != 0 {
		i = t.after(i)
	}
	t.setSlot(i, s)
	t.setCount(t.count() + 1)
}

// remove empties slot i and moves back those whose search went over it.
func (t table) remove(i int) {
	t.setCount(t.count() - 1)
	for j := t.after(i); ; j = t.after(j) {
		s := t.slot(j)
		if s == 0 {
			t.setSlot(i, 0)
			return
		}
		if h := t.home(s.tag()); between(i, j, h) {
			continue
		}
		t.setSlot(i, s)
		i = j
	}
}

// between reports whether home lies cyclically in (i, j]: the slot at j is
// then found without passing i.
func between(i, j, home int) bool {
	if i <= j {
		return i < home && home <= j
	}
	return i < home || home <= j
}
