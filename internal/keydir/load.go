package keydir

import (
	"bytes"
	"encoding/binary"
	"math"
	"slices"
)

// Loading is an index that is being made of an image. Each stripe is made
// when somebody first comes to it, so that an index of any size can be used
// at once; settle makes the rest.
type Loading struct {
	d      *Keydir
	has    func(Entry) bool
	parts  [Parts]part
	broken func(error)

	// refs are the entries of each stripe by ascending key, order the stripes
	// of all keys by ascending key. Those of a stripe are protected by it
	// until settle has come by.
	refs  [stripeCount][]uint32
	order []byte
}

// part is where the pieces of a part are to be had.
type part struct {
	entries int
	read    func(add func(Piece) error) error
}

// Load returns an index to be made of an image with this secret. has reports
// whether there is such a place as an entry leads to. For now see New.
func Load(secret Secret, has func(Entry) bool, now int64) *Loading {
	return &Loading{d: NewKeyed(secret, now), has: has}
}

// Expect says that a part has so many entries. read is called once, some
// time, with one lock of the index held, and gives add the part's pieces in
// their order. add keeps no reference to the data.
func (l *Loading) Expect(n, entries int, read func(add func(Piece) error) error) {
	l.parts[n] = part{entries, read}
}

// Finish returns the index, which may be used at once, and what is left to
// do: settle is called once. Until it has returned, cursors, Fold and Expire
// wait, and NextDeadline may miss some.
//
// If a part cannot be read, or is not what Save has made, broken is told, at
// any time until settle has returned and before anybody can look at that
// part. What the index says after that counts for nothing.
func (l *Loading) Finish(broken func(error)) (d *Keydir, settle func()) {
	l.broken = broken
	for i := range l.d.stripes {
		s := &l.d.stripes[i]
		s.live.Store(int64(l.parts[i].entries))
		s.cold = func() { l.warm(i) }
	}
	l.d.sweep.Lock()
	l.d.order.mu.Lock()
	return l.d, l.settle
}

// warm makes the entries of a stripe. The caller holds it, for writing.
func (l *Loading) warm(stripe int) {
	p := l.parts[stripe]
	l.d.stripes[stripe].table.reserve(p.entries)
	l.refs[stripe] = make([]uint32, 0, p.entries)
	err := p.get(func(piece Piece) error { return l.add(stripe, piece) })
	if err == nil && len(l.refs[stripe]) != p.entries {
		err = errImage
	}
	if err != nil {
		l.broken(err)
	}
}

func (p part) get(add func(Piece) error) error {
	if p.read == nil {
		return nil
	}
	return p.read(add)
}

// add takes in the next piece of a stripe.
func (l *Loading) add(stripe int, p Piece) error {
	data, err := p.Data, error(nil)
	for range p.Count {
		if data, err = l.addEntry(stripe, data); err != nil {
			return err
		}
	}
	if len(data) > 0 {
		return errImage
	}
	return nil
}

// addEntry makes an entry of the first bytes of data and returns the rest.
func (l *Loading) addEntry(stripe int, data []byte) ([]byte, error) {
	var n [5]uint64
	for i := range n {
		v, length := binary.Uvarint(data)
		if length <= 0 {
			return nil, errImage
		}
		n[i], data = v, data[length:]
	}
	segment, offset, size, deadline, keyLen := n[0], n[1], n[2], n[3], n[4]
	if keyLen > min(uint64(len(data)), MaxKeySize) ||
		segment>>1 > MaxSegment || offset > math.MaxUint32 || size > math.MaxUint32 || deadline > math.MaxInt64 {
		return nil, errImage
	}
	e := Entry{
		Segment:  uint32(segment >> 1),
		Offset:   int64(offset) * unit,
		Size:     int64(size) * unit,
		Deadline: int64(deadline),
	}
	if !l.has(e) {
		return nil, errImage
	}
	return data[keyLen:], l.enter(stripe, data[:keyLen], e, segment&1 != 0)
}

// enter is Keydir.put for a key that the index has not got. The entry's id is
// not filed yet, and not in the tree, but the entry already says so: settle
// keeps everybody away who would mind.
func (l *Loading) enter(stripe int, key []byte, e Entry, touched bool) error {
	s, h := &l.d.stripes[stripe], l.d.HashBytes(key)
	if l.d.Stripe(h) != s || bytes.Compare(l.last(stripe), key) >= 0 {
		return errImage
	}
	if s.table.used == l.parts[stripe].entries {
		return errImage // and the table, which is not complete, would grow
	}
	i := create(s, fragment(h), key)
	if i < 0 {
		return ErrFull
	}
	slot, at := &s.table.slots[i], makeSpot(e)
	if touched {
		at |= spotTouched
	}
	slot.lead(at)
	p := s.arena.at(slot.ref())
	p.setEntry(e)
	p.set(ordered)
	l.refs[stripe] = append(l.refs[stripe], slot.ref())
	return nil
}

// last returns the last key of a stripe, which is less than every key if
// there is none yet.
func (l *Loading) last(stripe int) []byte {
	n := len(l.refs[stripe])
	if n == 0 {
		return nil
	}
	return l.d.stripes[stripe].arena.at(l.refs[stripe][n-1]).key()
}

// settle makes what nobody has asked for yet, files the entries, and makes
// the tree. No entry goes away meanwhile: that takes the order.
func (l *Loading) settle() {
	for i := range l.refs {
		l.file(i)
	}
	l.d.sweep.Unlock()
	if err := l.readOrder(); err == nil {
		l.makeTree()
	} else {
		l.broken(err)
	}
	l.d.order.mu.Unlock()
}

// fileBatch is how many entries are filed under one hold of a stripe.
const fileBatch = 512

// file files the entries of a stripe that have a deadline.
func (l *Loading) file(stripe int) {
	s := &l.d.stripes[stripe]
	s.lock()
	refs := l.refs[stripe]
	s.mu.Unlock()
	for len(refs) > 0 {
		n := min(fileBatch, len(refs))
		s.lock()
		for _, ref := range refs[:n] {
			if p := s.arena.at(ref); p.has(live) {
				l.d.file(uint32(stripe)<<refBits|ref, p)
			}
		}
		s.mu.Unlock()
		refs = refs[n:]
	}
}

// readOrder reads the part of the order, which must have every entry once.
func (l *Loading) readOrder() error {
	p := l.parts[orderPart]
	l.order = make([]byte, 0, p.entries)
	err := p.get(func(p Piece) error {
		if p.Count == 0 || len(p.Data) != p.Count || slices.Max(p.Data) >= stripeCount {
			return errImage
		}
		l.order = append(l.order, p.Data...)
		return nil
	})
	if err != nil {
		return err
	}
	var count [stripeCount]int
	for _, stripe := range l.order {
		count[stripe]++
	}
	for i := range count {
		if count[i] != len(l.refs[i]) {
			return errImage
		}
	}
	return nil
}

// makeTree puts the ids into the tree, the greatest key first: see
// descending. That the keys of a stripe ascend has been seen; how those of
// different stripes come to lie is the image's word, which its reader holds
// to a checksum.
func (l *Loading) makeTree() {
	for i := len(l.order) - 1; i >= 0; i-- {
		stripe := l.order[i]
		refs := l.refs[stripe]
		last := len(refs) - 1
		l.d.order.insertLeast(uint32(stripe)<<refBits | refs[last])
		l.refs[stripe] = refs[:last]
	}
}
