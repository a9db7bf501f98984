package keydir

import (
	"errors"
	"fmt"
)

// Check brings the order up to date and then looks for contradictions inside
// the index. The first one found is the error; it names no key. Readers and
// writers go on, one stripe of them at a time waiting for its own check.
func (d *Keydir) Check() error {
	d.snapshots.closing.Lock()
	defer d.snapshots.closing.Unlock()
	d.order.mu.Lock()
	defer d.order.mu.Unlock()
	d.foldLocked()
	d.sweep.Lock()
	defer d.sweep.Unlock()
	inTree, err := d.checkOrder()
	if err != nil {
		return err
	}
	for i := range d.stripes {
		if err := d.checkStripe(uint32(i), inTree[i]); err != nil {
			return fmt.Errorf("stripe %d: %w", i, err)
		}
	}
	return nil
}

// checkOrder returns how many ids of each stripe are in the tree.
func (d *Keydir) checkOrder() (inTree [stripeCount]int, err error) {
	last := uint32(probe)
	d.order.tree.Ascend(func(id uint32) bool {
		if last != probe && !d.order.less(last, id) {
			err = errors.New("keys are out of order in the tree")
		}
		last = id
		inTree[id>>refBits]++
		return err == nil
	})
	return inTree, err
}

// tally counts a stripe's entries by their state.
type tally struct{ live, queued, ordered int }

func (d *Keydir) checkStripe(i uint32, inTree int) error {
	s := &d.stripes[i]
	s.RLock()
	defer s.RUnlock()
	filed := d.deadlines.filed(i)
	var got tally
	n := 0
	for _, slot := range s.table.slots {
		if slot.empty() {
			continue
		}
		n++
		p, id := s.arena.at(slot.ref()), i<<refBits|slot.ref()
		if err := d.checkEntry(s, slot, id, &got); err != nil {
			return err
		}
		if at := (place{p.filed(), id}); at.at != 0 && !filed[at] {
			return errors.New("entry is not where it says it is filed")
		}
	}
	if err := d.checkUndo(s); err != nil {
		return err
	}
	want := tally{int(s.live.Load()), d.queue.of(i), inTree}
	if got != want || n != s.table.used {
		return fmt.Errorf("%d slots with %+v, counted %d with %+v", n, got, s.table.used, want)
	}
	return nil
}

// checkEntry checks one slot and counts its entry in t.
func (d *Keydir) checkEntry(s *Stripe, slot slot, id uint32, t *tally) error {
	p := s.arena.at(slot.ref())
	key := string(p.key())
	h := d.Hash(key)
	i := s.find(fragment(h), key)
	if d.Stripe(h) != s || i < 0 || s.table.slots[i] != slot {
		return errors.New("slot leads to an entry that its key does not find")
	}
	if slot.spot.live() != p.has(live) {
		return errors.New("slot and entry disagree on whether the key is live")
	}
	if s.wants(id) != p.has(ordered) && !p.has(queued) {
		return errors.New("entry waits for a fold and is not queued")
	}
	if p.has(live) && !p.has(held) && p.deadline() != 0 && (p.filed() == 0 || p.filed() > p.deadline()) {
		return errors.New("entry is not filed before its deadline")
	}
	t.count(p)
	return nil
}

// checkUndo checks that what snapshots see is still there, and that the
// stripe keeps nothing for one that is closed. The caller holds the stripe.
func (d *Keydir) checkUndo(s *Stripe) error {
	for i, u := range s.undo {
		if i > 0 && s.undo[i-1].snapshot >= u.snapshot {
			return errors.New("undo is out of order")
		}
		if !d.snapshots.has(u.snapshot) {
			return errors.New("undo is kept for a snapshot that is closed")
		}
		for id, w := range u.was {
			if w.live() && s.arena.at(id&refMask).flags() == 0 {
				return errors.New("an entry that a snapshot sees was released")
			}
		}
	}
	return nil
}

func (t *tally) count(p packed) {
	if p.has(live) {
		t.live++
	}
	if p.has(queued) {
		t.queued++
	}
	if p.has(ordered) {
		t.ordered++
	}
}

// of returns the number of the stripe's ids in the queue.
func (q *queue) of(stripe uint32) (n int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, id := range q.ids {
		if id>>refBits == stripe {
			n++
		}
	}
	return n
}

// filed returns where the stripe's ids are filed.
func (t *deadlines) filed(stripe uint32) map[place]bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	at := make(map[place]bool)
	for _, p := range t.due {
		if p.id != wholeBucket && p.id>>refBits == stripe {
			at[p] = true
		}
	}
	for start, ids := range t.buckets {
		for _, id := range ids {
			if id>>refBits == stripe {
				at[place{start, id}] = true
			}
		}
	}
	return at
}
