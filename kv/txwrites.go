package kv

import (
	"slices"
	"sync"

	"github.com/spcent/plumego/store/internal/record"
	"github.com/spcent/plumego/store/internal/segment"
)

// write is what a transaction has to do with a key.
type write struct {
	kind     record.Type // what becomes of it; 0: nothing
	read     bool        // the transaction depends on what it was
	key      string
	hash     uint64
	value    []byte // a copy; never changed
	deadline int64  // Unix milliseconds; 0: none
}

func (w *write) size() int64 { return record.Size(len(w.key), len(w.value)) }

// txMemory is the memory that a transaction works in. The next one works in
// the same: of what a caller gave, nothing is kept but bytes of values, which
// nobody sees.
type txMemory struct {
	writes []write  // each key once, in the order in which they came up
	slots  []uint32 // places in writes, plus 1, found by the keys' hashes; 0: none
	values []byte   // the last of the pieces that values lie in

	// The fields below are the commit's.
	all    []mutation
	drafts []segment.Draft

	counter [maxCounter]byte
}

// Bounds of what is kept for the next transaction, and of a piece of values:
// one value keeps it all. A longer value has memory of its own.
const (
	leastSlots = 32
	keptWrites = 1024
	leastPiece = 1 << 10 // bytes
	mostPiece  = 32 << 10
	ownPiece   = mostPiece / 4
)

func newTxMemories() *sync.Pool {
	return &sync.Pool{New: func() any { return &txMemory{slots: make([]uint32, leastSlots)} }}
}

// txMemory returns memory for one transaction, which ends with reuse.
func (e *engine) txMemory() *txMemory { return e.txMemories.Get().(*txMemory) }

// reuse gives up the memory of a transaction.
func (e *engine) reuse(m *txMemory) {
	if cap(m.writes) > keptWrites {
		return // it would not be small any more
	}
	clear(m.writes)
	clear(m.slots)
	clear(m.all)
	clear(m.drafts)
	m.writes, m.values, m.all, m.drafts = m.writes[:0], m.values[:0], m.all[:0], m.drafts[:0]
	e.txMemories.Put(m)
}

// find returns what the transaction has to do with a key, nil if nothing. The
// next add moves it.
func (m *txMemory) find(h uint64, key string) *write {
	mask := uint64(len(m.slots) - 1)
	for i := h & mask; m.slots[i] != 0; i = (i + 1) & mask {
		if w := &m.writes[m.slots[i]-1]; w.hash == h && w.key == key {
			return w
		}
	}
	return nil
}

// add adds a write of a key that has none.
func (m *txMemory) add(w write) {
	m.writes = append(m.writes, w)
	if 2*len(m.writes) > len(m.slots) {
		m.slots = make([]uint32, 2*len(m.slots))
		for i := range m.writes {
			m.place(i)
		}
		return
	}
	m.place(len(m.writes) - 1)
}

// place has find come to a write.
func (m *txMemory) place(n int) {
	mask := uint64(len(m.slots) - 1)
	i := m.writes[n].hash & mask
	for m.slots[i] != 0 {
		i = (i + 1) & mask
	}
	m.slots[i] = uint32(n + 1)
}

// keep returns a copy of a value that lasts as long as the transaction.
func (m *txMemory) keep(value []byte) []byte {
	if len(value) > ownPiece {
		return slices.Clone(value)
	}
	if len(m.values)+len(value) > cap(m.values) {
		size := min(max(leastPiece, 2*cap(m.values), len(value)), mostPiece)
		m.values = make([]byte, 0, size)
	}
	from := len(m.values)
	m.values = append(m.values, value...)
	return m.values[from:len(m.values):len(m.values)]
}
