package keydir

import (
	"encoding/binary"
	"errors"
)

// An image is the index written down, in pieces that belong to parts: one
// part for each stripe, and one for the order. A stripe's part has its live
// entries by ascending key:
//
//	segment << 1 | touched   uvarint
//	offset / 8               uvarint
//	size / 8                 uvarint
//	deadline                 uvarint, ms
//	length of the key        uvarint
//	key
//
// The part of the order has one byte for each key, by ascending key: the
// stripe that has it. So an index can be made of an image without a
// comparison. Which stripe has a key depends on the Secret, which belongs to
// the image. It is a cache: a changed layout may simply not be read.

// Piece is some entries of one part of an image.
type Piece struct {
	Part  int
	Count int // of entries
	Data  []byte
}

// The parts of an image.
const (
	Parts     = stripeCount + 1
	orderPart = stripeCount
)

// errImage says that bytes are no piece of an image.
var errImage = errors.New("not an image of an index")

// pieceSize is about how long the data of a piece is, in bytes.
const pieceSize = 64 << 10

// Secret returns the key of the hash, which belongs to every image.
func (d *Keydir) Secret() Secret { return d.secret }

// Save gives emit an image of the index as it is, a piece at a time; Data is
// valid until emit returns. Segments are called what segment says. It is for
// an index that nobody changes any more. It costs some random accesses to
// memory for each key.
func (d *Keydir) Save(segment func(uint32) uint32, emit func(Piece) error) error {
	d.order.mu.Lock()
	defer d.order.mu.Unlock()
	d.foldLocked()
	w := imageWriter{d: d, segment: segment, emit: emit}
	var err error
	d.order.tree.Ascend(func(id uint32) bool {
		err = w.add(id)
		return err == nil
	})
	for part := 0; err == nil && part < Parts; part++ {
		err = w.flush(part)
	}
	return err
}

// imageWriter collects what is to be emitted.
type imageWriter struct {
	d       *Keydir
	segment func(uint32) uint32
	emit    func(Piece) error
	pieces  [Parts]Piece
}

// add takes in an entry, if it is live. The caller holds the order.
func (w *imageWriter) add(id uint32) error {
	part := int(id >> refBits)
	if !w.encode(&w.pieces[part], id) {
		return nil
	}
	order := &w.pieces[orderPart]
	order.Data = append(order.Data, byte(part))
	order.Count++
	for _, p := range []int{part, orderPart} {
		if len(w.pieces[p].Data) >= pieceSize {
			if err := w.flush(p); err != nil {
				return err
			}
		}
	}
	return nil
}

// encode appends an entry to a piece if it is live.
func (w *imageWriter) encode(to *Piece, id uint32) bool {
	s := w.d.stripeOf(id)
	s.RLock()
	defer s.RUnlock()
	p := s.arena.at(id & refMask)
	if !p.has(live) {
		return false
	}
	at := s.table.slots[w.d.slotOf(s, id&refMask)].spot
	segment := uint64(w.segment(at.segment())) << 1
	if at.touched() {
		segment |= 1
	}
	b := binary.AppendUvarint(to.Data, segment)
	b = binary.AppendUvarint(b, uint64(at.offset()/unit))
	b = binary.AppendUvarint(b, uint64(p.size()/unit))
	b = binary.AppendUvarint(b, uint64(p.deadline()))
	b = binary.AppendUvarint(b, uint64(p.keyLen()))
	to.Data = append(b, p.key()...)
	to.Count++
	return true
}

// flush emits what has been collected of a part.
func (w *imageWriter) flush(part int) error {
	p := &w.pieces[part]
	if p.Count == 0 {
		return nil
	}
	err := w.emit(Piece{part, p.Count, p.Data})
	p.Count, p.Data = 0, p.Data[:0]
	return err
}
