package keydir

import (
	"math/bits"
	"sync"
)

const second = 1000 // ms

// deadlines says which entries the sweeper must look at, and when. An entry
// is filed in a bucket that begins no later than its deadline. The nearer the
// deadline, the narrower the bucket; when it begins, the sweeper files its
// entries again in narrower ones and in the end by the millisecond. So there
// are few buckets, however many deadlines are spread over however long.
//
// An id may be filed in several places, or long after its entry is gone. The
// entry knows the one place that counts, packed.filed; an id met anywhere
// else is stale and forgotten. A deadline that moves to a later time leaves
// the id where it is, and the sweeper files it again when it gets there.
type deadlines struct {
	mu sync.Mutex // protects the fields below; nothing else is locked under it

	buckets map[int64][]uint32 // ids by the first millisecond of the bucket
	due     places             // one for each bucket, and ids filed by the millisecond
	now     int64              // the sweeper's clock
	taken   int64              // the first place of what the sweeper has in hand, 0: nothing
	ids     int                // in buckets, the stale ones among them
}

func (t *deadlines) init(now int64) {
	t.buckets = make(map[int64][]uint32)
	t.now = now
}

// file makes sure the sweeper looks at the entry before its deadline is
// past. The caller holds the stripe.
func (d *Keydir) file(id uint32, p packed) {
	deadline, filed := p.deadline(), p.filed()
	if deadline == 0 || filed != 0 && filed <= deadline {
		return
	}
	p.setFiled(d.deadlines.add(id, deadline))
}

// add returns the place where it filed the id, at most deadline.
func (t *deadlines) add(id uint32, deadline int64) int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	start := deadline - deadline%width(deadline-t.now)
	if start <= max(0, t.now) {
		t.due.push(place{deadline, id})
		return deadline
	}
	ids, ok := t.buckets[start]
	if !ok {
		t.due.push(place{start, wholeBucket})
	}
	t.buckets[start] = append(ids, id)
	t.ids++
	return start
}

// width returns the width of the bucket for a deadline that far away, in
// milliseconds: a second at least, and else between 1/64 and 1/32 of the
// distance.
func width(distance int64) int64 {
	seconds := uint64(max(distance, 0) / second)
	return second << max(0, bits.Len64(seconds)-6)
}

// take removes an id that is due at now, and returns it and the place where
// it was filed. Until the next call or rest, next counts it as still there.
func (t *deadlines) take(now int64) (p place, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.now, t.taken = now, 0
	for len(t.due) > 0 && t.due[0].at <= now {
		p := t.due[0]
		if p.id == wholeBucket {
			if p.id, ok = t.takeFrom(p.at); !ok {
				continue
			}
		} else {
			t.due.pop()
		}
		t.taken = p.at
		return p, true
	}
	return place{}, false
}

// takeFrom removes an id from the bucket, which is the first that is due, or
// the bucket if it is empty.
func (t *deadlines) takeFrom(start int64) (id uint32, ok bool) {
	ids := t.buckets[start]
	if len(ids) == 0 {
		delete(t.buckets, start)
		t.due.pop()
		return 0, false
	}
	last := len(ids) - 1
	t.buckets[start] = ids[:last]
	t.ids--
	return ids[last], true
}

// rest ends a sequence of takes and returns what next returns.
func (t *deadlines) rest() int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.taken = 0
	return t.due.first()
}

// next returns a time before which no id need be looked at, 0 if there is
// none at all.
func (t *deadlines) next() int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	first := t.due.first()
	if t.taken != 0 && (first == 0 || t.taken < first) {
		return t.taken
	}
	return first
}

func (t *deadlines) bytes() int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	const idBytes = 5 // 4, and what append keeps ready
	return int64(cap(t.due))*16 + int64(t.ids)*idBytes
}
