package keydir

import "sync"

const second = 1000 // ms

// deadlines says which entries the sweeper must look at, and when. Entries
// are filed by the second of their deadline, in no order within it; those of
// a second that has begun are filed by the millisecond.
//
// An id may be filed in several places, or long after its entry is gone. The
// entry knows the one place that counts, packed.filed; an id met anywhere
// else is stale and forgotten. A deadline that moves to a later time leaves
// the id where it is, and the sweeper files it again when it gets there.
type deadlines struct {
	mu sync.Mutex // protects the fields below; nothing else is locked under it

	buckets map[int64][]uint32 // ids by the first millisecond of their second
	due     places             // one for each bucket, and the ids of begun seconds
	begun   int64              // the sweeper's clock
	taken   int64              // the place of the id the sweeper is looking at, 0: none
	ids     int                // in buckets, the stale ones among them
}

func (t *deadlines) init() { t.buckets = make(map[int64][]uint32) }

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
	start := bucketStart(deadline)
	if start <= t.begun {
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

// bucketStart returns the first millisecond of the deadline's second. That
// of 1970's first second is 1, for 0 means nowhere.
func bucketStart(deadline int64) int64 { return max(1, deadline-deadline%second) }

// take removes an id that is due at now, and returns it and the place where
// it was filed. Until the next call or rest, next counts it as still there.
func (t *deadlines) take(now int64) (p place, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.begun, t.taken = now, 0
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
	if t.taken != 0 {
		return t.taken
	}
	return t.due.first()
}

func (t *deadlines) bytes() int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	const bucketBytes = 64 // its share of the map, and half-empty slices
	return int64(cap(t.due))*16 + int64(t.ids)*6 + int64(len(t.buckets))*bucketBytes
}
