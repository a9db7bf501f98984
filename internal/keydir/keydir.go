// Package keydir is the store's index in memory: it says of every key where
// its newest record lies and when it dies.
//
// A hash table answers for single keys, a btree keeps the keys in order, and
// buckets of deadlines tell the sweeper what is due. An overwrite touches
// the hash table alone. A key that appears or disappears waits in a queue
// until Fold, or a Cursor that needs it, brings the order up to date. Entries
// and key bytes lie in arenas without pointers, so that a million keys are
// nothing to the garbage collector.
//
// The package knows no segment and no file: an entry holds plain numbers. It
// does not read the clock, starts no goroutine and never returns an expired
// key as absent: that is the caller's to judge.
//
// A Keydir may be used from any number of goroutines.
package keydir

import (
	"errors"
	"math"
	"sync"
)

// ErrFull is returned by Put when the key's stripe has no room for it: a
// stripe holds 512 MiB of entries and keys.
var ErrFull = errors.New("index is full")

// MaxKeySize is the length of the longest key, in bytes.
const MaxKeySize = math.MaxUint16

// Entry says where a key's newest record lies and when it dies.
type Entry struct {
	Segment  uint32 // opaque to this package; at most MaxSegment
	Offset   int64  // bytes, a multiple of 8 below 32 GiB
	Size     int64  // bytes of the record on disk, a multiple of 8 below 32 GiB
	Deadline int64  // unix milliseconds; 0: never; a negative one is kept as 1
}

// Keydir maps keys to entries.
//
// The locks, in the order in which one goroutine may take them:
//
//	sweep  one Expire at a time
//	order  the tree; whoever frees an entry holds it
//	pin    one stripe's, by a reader
//	stripe one stripe's table and entries; several at once only for
//	       reading, and by holdAll
//	queue, deadlines, snapshots: leaves, held for a few instructions
//
// Before all of them comes the lock of a Snapshot's Close.
type Keydir struct {
	secret Secret
	hash   func(key string) uint64 // nil but in tests that want collisions

	stripes   [stripeCount]Stripe
	order     order
	queue     queue
	sweep     sync.Mutex
	deadlines deadlines
	snapshots snapshots
}

// New returns an empty Keydir. The time, in unix milliseconds, need not be
// exact: with it the deadlines that come before the first Expire are filed
// well.
func New(now int64) *Keydir { return NewKeyed(NewSecret(), now) }

// NewKeyed is New with a secret that is known.
func NewKeyed(secret Secret, now int64) *Keydir {
	d := &Keydir{secret: secret}
	for i := range d.stripes {
		d.stripes[i].arena.init()
	}
	d.order.init(d.keyOf)
	d.deadlines.init(now)
	return d
}

// Hash returns the number by which the other methods know the key.
func (d *Keydir) Hash(key string) uint64 {
	if d.hash != nil {
		return d.hash(key)
	}
	return hashKey(&d.secret, key)
}

// HashBytes is Hash for a key that is no string, such as one in an arena.
func (d *Keydir) HashBytes(key []byte) uint64 {
	if d.hash != nil {
		return d.hash(string(key))
	}
	return hashKey(&d.secret, key)
}

// slotOf returns the place of an entry's slot. The caller holds the stripe.
func (d *Keydir) slotOf(s *Stripe, ref uint32) int {
	return s.table.at(fragment(d.HashBytes(s.arena.at(ref).key())), ref)
}

// Stripe returns the stripe of the keys that hash to h.
func (d *Keydir) Stripe(h uint64) *Stripe { return &d.stripes[h>>stripeShift] }

// Put stores e for the key, which it copies. It returns the entry it
// replaced, if there was one. The key has at most MaxKeySize bytes. The only
// error is ErrFull, and then nothing has changed.
func (d *Keydir) Put(h uint64, key string, e Entry) (old Entry, replaced bool, err error) {
	old, replaced, err = d.put(h, key, e)
	if err != nil {
		// The dead may be holding the room.
		d.Fold()
		old, replaced, err = d.put(h, key, e)
	}
	return old, replaced, err
}

func (d *Keydir) put(h uint64, key string, e Entry) (old Entry, replaced bool, err error) {
	s := d.Stripe(h)
	s.lock()
	defer s.mu.Unlock()
	i := s.find(fragment(h), key)
	if i < 0 {
		if i = create(s, fragment(h), key); i < 0 {
			return Entry{}, false, ErrFull
		}
		d.enqueue(s, idOf(h, s.table.slots[i].ref()))
		s.live.Add(1)
	}
	slot := &s.table.slots[i]
	p := s.arena.at(slot.ref())
	switch {
	case slot.spot.live():
		old, replaced = p.entry(slot.spot), true
	case !p.has(live):
		// A ghost comes back where it was. It is queued already, or in the
		// tree for the sake of a snapshot.
		p.set(live)
		s.live.Add(1)
	}
	d.save(s, i, idOf(h, slot.ref()))
	slot.lead(makeSpot(e))
	p.setEntry(e)
	d.file(idOf(h, slot.ref()), p)
	return old, replaced, nil
}

// SetDeadline changes the deadline of a live key, and reports whether there
// is one.
func (d *Keydir) SetDeadline(h uint64, key string, deadline int64) bool {
	s := d.Stripe(h)
	s.lock()
	defer s.mu.Unlock()
	i := s.findLive(h, key)
	if i < 0 {
		return false
	}
	slot := &s.table.slots[i]
	d.save(s, i, idOf(h, slot.ref()))
	slot.lead(slot.spot | spotTouched)
	p := s.arena.at(slot.ref())
	p.setDeadline(deadline)
	d.file(idOf(h, slot.ref()), p)
	return true
}

// Delete removes the key and returns its entry. An absent key is no error:
// ok is false.
func (d *Keydir) Delete(h uint64, key string) (old Entry, ok bool) {
	s := d.Stripe(h)
	s.lock()
	defer s.mu.Unlock()
	i := s.findLive(h, key)
	if i < 0 {
		return Entry{}, false
	}
	old = s.entryAt(i)
	d.kill(s, i, idOf(h, s.table.slots[i].ref()))
	return old, true
}

// kill makes a ghost of a live entry: it keeps its slot, its bytes and its
// place in the tree until Fold, or as long as a snapshot holds it, but nobody
// else finds it. The caller holds the stripe.
func (d *Keydir) kill(s *Stripe, i int, id uint32) {
	d.save(s, i, id)
	s.table.slots[i].lead(0)
	p := s.arena.at(id & refMask)
	p.clear(live)
	s.live.Add(-1)
	if !p.has(queued) {
		d.enqueue(s, id)
	}
}

// enqueue tells Fold that the entry's place in the tree must change. The
// caller holds the stripe.
func (d *Keydir) enqueue(s *Stripe, id uint32) {
	s.arena.at(id & refMask).set(queued)
	d.queue.push(id)
}

// Barrier returns when every reader that held a stripe or a pin when it was
// called has let go of it.
func (d *Keydir) Barrier() {
	for i := range d.stripes {
		s := &d.stripes[i]
		for _, held := range []*sync.RWMutex{&s.pins, &s.mu} {
			held.Lock() // who waits for a stripe to be filled holds nothing yet
			//lint:ignore SA2001 waiting is all there is to do
			held.Unlock()
		}
	}
}

// Len returns the number of live keys. Those that have expired count until
// Expire has removed them.
func (d *Keydir) Len() int {
	n := int64(0)
	for i := range d.stripes {
		n += d.stripes[i].live.Load()
	}
	return int(n)
}

// Bytes returns the heap held by the index. The arenas and tables are
// counted; the tree, and what is kept for snapshots, are estimated from the
// number of keys.
func (d *Keydir) Bytes() int64 {
	n := d.queue.bytes() + d.deadlines.bytes()
	for i := range d.stripes {
		s := &d.stripes[i]
		s.RLock()
		n += s.arena.heap + int64(len(s.table.slots))*16 + int64(s.table.used)*treeBytes + s.undoBytes()
		s.RUnlock()
	}
	return n
}
