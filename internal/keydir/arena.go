package keydir

import (
	"math/bits"
	"slices"
	"sync/atomic"
)

// A ref is an entry's place in its stripe's arena, an id names it among all
// stripes.
//
//	id = | stripe 6 | ref 26, in units of 8 bytes |
const (
	unit    = 8 // bytes
	refBits = 32 - stripeBits
	refMask = 1<<refBits - 1

	chunkBits  = 11
	chunkUnits = 1 << chunkBits // 16 KiB
	maxChunks  = 1 << (refBits - chunkBits)

	firstUnits = 32             // of the first chunk, before it is doubled
	sharedMax  = chunkUnits / 4 // longer entries get chunks of their own
	exactMax   = 256 / unit     // longer entries are rounded up to a class
)

func idOf(h uint64, ref uint32) uint32 { return uint32(h>>stripeShift)<<refBits | ref }

// arena holds the entries of a stripe. It never moves an entry from its ref
// and never gives memory back; released entries are used again for keys of
// the same size class.
type arena struct {
	// chunks is replaced, never changed where a reader may look: elements
	// are added behind the published length, and the first chunk grows in a
	// copy. So keys can be read without the stripe's lock. The second and
	// later chunks of a run are nil.
	chunks atomic.Pointer[[][]byte]

	next, end uint32   // units: the room left in the open chunk
	free      []uint32 // by class: the last entry released, 0 for none
	limit     int      // chunks
	heap      int64    // bytes of all chunks
}

func (a *arena) init() {
	a.chunks.Store(&[][]byte{nil})
	a.next = 1 // ref 0 is nobody
	a.limit = maxChunks
}

// at returns the entry at a ref that alloc has returned at some time.
func (a *arena) at(ref uint32) packed {
	chunk := (*a.chunks.Load())[ref>>chunkBits]
	return packed(chunk[ref%chunkUnits*unit:])
}

// alloc returns room for an entry with a key of that many bytes, or 0. Its
// flags are clear and its filed place is that of the entry last there.
func (a *arena) alloc(keyLen int) uint32 {
	if keyLen > MaxKeySize {
		return 0
	}
	class, units := sizeClass(keyLen)
	switch {
	case class < len(a.free) && a.free[class] != 0:
		return a.reuse(class)
	case units > sharedMax:
		return a.run(units)
	case a.next+units > a.end && !a.open(units):
		return 0
	}
	ref := a.next
	a.next += units
	return ref
}

func (a *arena) reuse(class int) uint32 {
	ref := a.free[class]
	a.free[class] = a.at(ref).next()
	return ref
}

// release keeps the entry's room for the next of its class. What the
// deadlines need to recognise a stale id stays: no flag is set.
func (a *arena) release(ref uint32) {
	p := a.at(ref)
	class, _ := sizeClass(p.keyLen())
	if class >= len(a.free) {
		a.free = append(a.free, make([]uint32, class+1-len(a.free))...)
	}
	p.setFlags(0)
	p.setNext(a.free[class])
	a.free[class] = ref
}

// open makes room for an entry of that many units, in the first chunk while
// it can grow and then in a new one.
func (a *arena) open(units uint32) bool {
	if need := a.next + units; a.next < chunkUnits && need <= chunkUnits {
		a.growFirst(need)
		return true
	}
	ref := a.run(chunkUnits)
	if ref == 0 {
		return false
	}
	a.next, a.end = ref, ref+chunkUnits
	return true
}

// growFirst doubles the first chunk by copying, so that a tiny store is
// tiny. Who still reads keys in the old one may: they are the same.
func (a *arena) growFirst(need uint32) {
	chunks := slices.Clone(*a.chunks.Load())
	grown := make([]byte, max(firstUnits, 1<<bits.Len32(need-1))*unit)
	copy(grown, chunks[0])
	a.heap += int64(len(grown) - len(chunks[0]))
	chunks[0] = grown
	a.end = uint32(len(grown) / unit)
	a.chunks.Store(&chunks)
}

// run adds that many units in a piece of their own and returns the first, or
// 0 if refs have run out.
func (a *arena) run(units uint32) uint32 {
	chunks := *a.chunks.Load()
	first := len(chunks)
	n := piecesOf(units)
	if first+n > a.limit {
		return 0
	}
	chunks = append(chunks, make([]byte, units*unit))
	chunks = append(chunks, make([][]byte, n-1)...)
	a.heap += int64(units) * unit
	a.chunks.Store(&chunks)
	return uint32(first) << chunkBits
}

// sizeClass returns the class of an entry and its size: exact up to 256
// bytes, above that eight classes to each doubling.
func sizeClass(keyLen int) (class int, units uint32) {
	units = uint32(headerSize+keyLen+unit-1) / unit
	if units <= exactMax {
		return int(units), units
	}
	doubling := bits.Len32(units - 1)
	step := uint32(1) << (doubling - 4)
	steps := (units + step - 1) / step // 9 to 16
	return exactMax + (doubling-bits.Len32(exactMax))*8 + int(steps) - 8, steps * step
}
