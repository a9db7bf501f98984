package keydir

import (
	"bytes"
	"sync"

	"github.com/google/btree"
)

const (
	// degree is large, since a node is a few bytes of ids whatever it has:
	// from 64 to 256 saves 0.8 bytes per key and costs no time.
	degree = 256
	probe  = 0 // an id no entry has: the key is order.probeKey

	// treeBytes is what the tree needs for a key: 4 bytes of id in nodes
	// that are two thirds full or better.
	treeBytes = 6
)

// order is the keys in their order. The tree holds the ids of the entries
// flagged ordered, and compares keys where they lie, without their stripes'
// locks: only Fold, with mu held, ever releases an entry.
type order struct {
	mu       sync.Mutex // protects the fields below
	tree     *btree.BTreeG[uint32]
	probeKey []byte
	version  uint64 // changes when the tree does
	least    uint32 // not 0 while an id is inserted whose key is known to come before all others
	keyOf    func(id uint32) []byte
}

func (o *order) init(keyOf func(id uint32) []byte) {
	o.keyOf = keyOf
	o.tree = btree.NewG(degree, o.less)
}

func (o *order) less(a, b uint32) bool {
	if o.least != 0 {
		return a == o.least
	}
	return bytes.Compare(o.key(a), o.key(b)) < 0
}

func (o *order) key(id uint32) []byte {
	if id == probe {
		return o.probeKey
	}
	return o.keyOf(id)
}

// insert puts an id into the tree. The caller holds mu.
func (o *order) insert(id uint32) {
	o.tree.ReplaceOrInsert(id)
	o.version++
}

// remove takes an id out of the tree. The caller holds mu.
func (o *order) remove(id uint32) {
	o.tree.Delete(id)
	o.version++
}

// insertLeast inserts an id that comes before all others without a look at
// their keys. The caller holds mu.
func (o *order) insertLeast(id uint32) {
	o.least = id
	o.insert(id)
	o.least = 0
}

// keyOf returns the key of an entry where it lies. The caller holds the
// entry's stripe or the order.
func (d *Keydir) keyOf(id uint32) []byte { return d.at(id).key() }

// at returns the entry of an id; of what it holds, see packed.
func (d *Keydir) at(id uint32) packed { return d.stripeOf(id).arena.at(id & refMask) }

func (d *Keydir) stripeOf(id uint32) *Stripe { return &d.stripes[id>>refBits] }

// Backlog returns the number of keys that wait to enter or leave the order.
func (d *Keydir) Backlog() int { return d.queue.len() }

// Fold brings the order up to date with every Put and Delete that returned
// before it was called. It costs about a microsecond for each key of the
// backlog, and no lock of a stripe is held longer than for one of them.
func (d *Keydir) Fold() {
	d.order.mu.Lock()
	defer d.order.mu.Unlock()
	d.foldLocked()
}

// foldLocked does the work of Fold for a caller that holds the order.
func (d *Keydir) foldLocked() {
	for _, l := range d.descending(d.queue.take()) {
		d.settle(l.id)
	}
}

// settle takes an entry's id into the tree if it is wanted; a ghost's that is
// not it takes out, and releases the ghost. The caller holds the order.
func (d *Keydir) settle(id uint32) {
	s, ref := d.stripeOf(id), id&refMask
	s.lock()
	p := s.arena.at(ref)
	if !s.wants(id) && p.has(ordered) {
		// The tree is slow, so the stripe is let go. Meanwhile the ghost may
		// be revived, and be held when it dies again; but being queued it is
		// not queued again.
		s.mu.Unlock()
		d.order.remove(id)
		s.lock()
		p = s.arena.at(ref)
		p.clear(ordered)
	}
	if !s.wants(id) {
		s.destroy(fragment(d.HashBytes(p.key())), ref)
		s.mu.Unlock()
		return
	}
	missing := !p.has(ordered)
	p.clear(queued)
	p.set(ordered)
	s.mu.Unlock()
	if missing {
		d.order.insert(id)
	}
}

// wants reports whether the entry is to stay: it is live, or a snapshot sees
// what it was. One that is not queued is in the tree just if it is wanted.
// The caller holds the stripe.
func (s *Stripe) wants(id uint32) bool {
	return s.arena.at(id&refMask).has(live) || s.holds(id)
}
