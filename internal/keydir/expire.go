package keydir

// Expire removes live entries whose deadline is now or past, and calls
// removed for each of them with no lock held. It looks at no more than max
// entries, so that a call is short however many die in one second; more says
// that it stopped for that, and n may then be anything from 0 to max.
//
// Seldom, when stale ids have come to outnumber the live keys, it goes
// through all ids first. That takes longer, but keeps no reader or writer
// waiting for it.
func (d *Keydir) Expire(now int64, max int, removed func(e Entry)) (n int, more bool) {
	dead, more := d.expire(now, max)
	for _, e := range dead {
		removed(e)
	}
	return len(dead), more
}

// expire takes one lock after the other for each entry, and none for longer:
// what it finds is judged by the state it finds it in.
func (d *Keydir) expire(now int64, max int) (dead []Entry, more bool) {
	d.sweep.Lock()
	defer d.sweep.Unlock()
	if d.deadlines.len() > 2*d.Len()+staleMax {
		d.tidy()
	}
	for range max {
		p, ok := d.deadlines.take(now)
		if !ok {
			break
		}
		if e, died := d.look(p, now); died {
			dead = append(dead, e)
		}
	}
	next := d.deadlines.rest()
	return dead, next != 0 && next <= now
}

// look removes the entry of an id just taken from its place if its time has
// come, or files it where it belongs now.
func (d *Keydir) look(at place, now int64) (e Entry, died bool) {
	s := d.stripeOf(at.id)
	s.lock()
	defer s.mu.Unlock()
	p := s.arena.at(at.id & refMask)
	if p.filed() != at.at {
		return Entry{}, false // stale
	}
	p.setFiled(0)
	if !p.has(live) || p.deadline() == 0 || p.has(held) {
		return Entry{}, false
	}
	if p.deadline() > now {
		d.file(at.id, p)
		return Entry{}, false
	}
	i := d.slotOf(s, at.id&refMask)
	e = s.entryAt(i)
	d.kill(s, i, at.id)
	return e, true
}

// NextDeadline returns a time, in unix milliseconds, before which no entry
// dies, and 0 if none ever does. A timer may be armed for it: after
// Expire(now) has returned more == false it is later than now, and what
// remains to the true deadline shrinks to 1/32 or to a second each time, and
// then to nothing.
func (d *Keydir) NextDeadline() int64 { return d.deadlines.next() }
