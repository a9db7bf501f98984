package keydir

import (
	"slices"
	"sync"
	"sync/atomic"
)

// Snapshot is the index as it was at one moment. Taking one copies nothing;
// while it is open, what an entry was before it changed is kept for it: see
// undo. Any number may be open at once.
//
// A mutation that runs beside Snapshot may come before it or after it. Who
// wants a moment between two mutations keeps the others away meanwhile.
type Snapshot struct {
	d      *Keydir
	number uint64 // greater than those of all snapshots taken before; never 0
	// folded says that the tree holds every key that the snapshot sees; from
	// then on Fold leaves them there. Protected by the order's lock.
	folded bool
}

// snapshots are those that are open.
type snapshots struct {
	// newest is the greatest number in open, 0 if there is none. Written
	// under mu; writers look at it under their stripe's lock.
	newest atomic.Uint64

	// closing is held by the one Close that is at work, until no stripe has
	// anything of its snapshot. It comes before every other lock.
	closing sync.Mutex

	mu   sync.Mutex // protects the fields below; a leaf
	open []uint64   // ascending
	last uint64     // the number given last
}

// Snapshot returns the index as it is now, to be closed. It costs the same
// whatever the number of keys.
func (d *Keydir) Snapshot() *Snapshot {
	return &Snapshot{d: d, number: d.snapshots.take()}
}

func (t *snapshots) take() uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last++
	t.open = append(t.open, t.last)
	t.newest.Store(t.last)
	return t.last
}

// drop removes a number from those open and returns the next smaller one, 0
// if there is none.
func (t *snapshots) drop(number uint64) (older uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	i, _ := slices.BinarySearch(t.open, number)
	if i > 0 {
		older = t.open[i-1]
	}
	t.open = slices.Delete(t.open, i, i+1)
	newest := uint64(0)
	if len(t.open) > 0 {
		newest = t.open[len(t.open)-1]
	}
	t.newest.Store(newest)
	return older
}

// has reports whether a snapshot is open.
func (t *snapshots) has(number uint64) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, open := slices.BinarySearch(t.open, number)
	return open
}

// passBatch is how many entries Close passes on under one hold of a stripe.
const passBatch = 512

// Close lets go of what was kept for the snapshot alone. It costs what has
// changed since the snapshot was taken and no newer one was. It is called
// once; when it returns, nobody who has held a stripe since before the call
// holds it still. Afterwards, and on a stripe that is locked during the call,
// nothing that the snapshot says counts.
func (n *Snapshot) Close() {
	d := n.d
	d.snapshots.closing.Lock()
	defer d.snapshots.closing.Unlock()
	older := d.snapshots.drop(n.number)
	for i := range d.stripes {
		for d.passOn(&d.stripes[i], n.number, older, passBatch) {
		}
	}
}

// Find returns the entry that a key had when the snapshot was taken. The
// caller holds RLock of the key's stripe. The clock is not looked at.
func (n *Snapshot) Find(s *Stripe, h uint64, key string) (Entry, bool) {
	i := s.find(fragment(h), key)
	if i < 0 {
		// Absent then too: Fold leaves what a snapshot sees in the table.
		return Entry{}, false
	}
	return n.entryAt(s, i, idOf(h, s.table.slots[i].ref()))
}

// entryAt returns what the entry of a slot was. The caller holds the stripe.
func (n *Snapshot) entryAt(s *Stripe, i int, id uint32) (Entry, bool) {
	w, changed := s.before(n.number, id)
	if !changed {
		w = s.was(i)
	}
	return w.entry(), w.live()
}

// Count returns how many keys there were whose deadline was later than now,
// in unix milliseconds, or none. It goes through all keys, and a stripe's
// writers wait while it is there.
func (n *Snapshot) Count(now int64) (count int) {
	for i := range n.d.stripes {
		count += n.countIn(uint32(i), now)
	}
	return count
}

func (n *Snapshot) countIn(stripe uint32, now int64) (count int) {
	s := &n.d.stripes[stripe]
	s.RLock()
	defer s.RUnlock()
	for i, slot := range s.table.slots {
		if slot.empty() {
			continue
		}
		e, ok := n.entryAt(s, i, stripe<<refBits|slot.ref())
		if ok && (e.Deadline == 0 || e.Deadline > now) {
			count++
		}
	}
	return count
}
