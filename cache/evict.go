package cache

import "hash/maphash"

// Eviction is S3-FIFO. New records go on probation, a log with a seventh of
// the bytes. At its tail, those that were found again move to the main log; of the
// others a fingerprint stays, and a key that comes back to it goes straight to
// the main log. At the tail of that, records that were found since they were
// last here go round again, once for each time, the rest is dropped.

const (
	// probationPercent is the part of all logged bytes that probation has.
	// 10 is the paper's; it is too short for traces where keys come back
	// soon and then no more, and more than 20 gives loops away.
	probationPercent = 15
	// promotion is how often a record must have been found on probation. 2
	// is better by a point where many keys are asked for twice in a row,
	// and worse by five in loops that nearly fit.
	promotion = 1
	// slackPages is what two logs may need beyond their bytes: the unused
	// parts of their first and last pages, and one for a move.
	slackPages = 5
	// patience bounds how many bytes are moved for one Set, beyond four
	// times its own: then what is at the tail goes, however often found.
	patience = 64 << 10
)

// logRoom returns how many bytes the logs may have. As long as they have no
// more there is a page whenever one is taken.
func (s *shard) logRoom() int {
	return (s.pool.most - s.index.pages - slackPages) * s.pool.size()
}

func (s *shard) logged() int { return s.probation.bytes + s.main.bytes }

// makeRoom evicts until a record of so many bytes can be written and its slot
// put into the table for a tag.
func (s *shard) makeRoom(size int, tag uint32) {
	moves := patience + 4*size
	for s.entries >= s.most {
		s.evict(&moves)
	}
	for s.index.table(tag).full() {
		if s.index.canSplit(tag) && s.logged()+size <= s.logRoom()-s.pool.size() {
			s.index.split(tag)
			continue
		}
		s.evict(&moves)
	}
	for s.logged()+size > s.logRoom() {
		s.evict(&moves)
	}
}

// evict deals with one record at the tail of a log, and takes the bytes that
// it moves from moves.
func (s *shard) evict(moves *int) {
	if s.main.bytes == 0 || s.probation.bytes > s.logged()/100*probationPercent {
		s.evictFrom(&s.probation, promotion, moves)
	} else {
		s.evictFrom(&s.main, 1, moves)
	}
}

// evictFrom moves the record at the tail of q to the head of the main log if
// it was found at least so often, and forgets it otherwise.
func (s *shard) evictFrom(q *queue, least int, moves *int) {
	r := s.pool.record(q.pos(q.tail))
	hash := maphash.Bytes(s.seed, s.keyOf(r))
	t, i, alive := s.index.findAt(hash, r.pos)
	if !alive {
		q.drop(r.size())
		return
	}
	old := t.slot(i)
	switch {
	case r.expired(s.clock):
		s.forget(t, i, r, Expired)
	case old.frequency() >= least && *moves > 0:
		*moves -= r.size()
		s.keep(t, i, r, q)
		return
	default:
		if !old.main() {
			t.remember(hash)
		}
		s.forget(t, i, r, Evicted)
	}
	q.drop(r.size())
}

// keep moves the record at the tail of q to the head of the main log.
func (s *shard) keep(t table, i int, r record, q *queue) {
	old := t.slot(i)
	frequency := 0
	if old.main() {
		frequency = old.frequency() - 1
	}
	pos := s.main.headPos()
	q.move(r.size(), &s.main)
	t.setSlot(i, newSlot(pos, old.tag(), true, frequency))
}
