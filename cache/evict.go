package cache

import "hash/maphash"

// Eviction is S3-FIFO. New records go on probation, a log with a sixth of the
// bytes. At its tail, those that were found again move to the main log; of
// the others a fingerprint stays, and a key that comes back to it soon goes
// straight to the main log. At the tail of that, records that were found since they were
// last here go round again, once for each time, and the rest is dropped. How
// often a record must be found on probation is judged by how those fare that
// were let in: see trial.

const (
	// probationPercent is the part of all logged bytes that probation has.
	// 10 is the paper's; it is too short for traces where keys come back
	// soon and then no more, and more than 20 gives loops away.
	probationPercent = 17
	// slackPages is what two logs may need beyond their bytes: the unused
	// parts of their first and last pages, and one for a move.
	slackPages = 5
	// patience bounds how many bytes are moved for one Set, beyond four
	// times its own: then what is at the tail goes, however often found.
	patience = 64 << 10
	// lateShare is that of the keys that come back late one of so many goes
	// to the main log. Elsewhere it would be none; but in a loop all come
	// late, and some of them must stay to be found at all.
	lateShare = 32
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
	q := &s.main
	if s.main.bytes == 0 || s.probation.bytes > s.logged()/100*probationPercent {
		q = &s.probation
	}
	r := s.pool.record(q.pos(q.tail))
	hash := maphash.Bytes(s.seed, s.keyOf(r))
	t, i, alive := s.index.findAt(hash, r.pos)
	switch {
	case !alive:
	case r.expired(s.clock):
		s.forget(t, i, r, Expired)
	case s.isWorthKeeping(t.slot(i)) && *moves > 0:
		*moves -= r.size()
		s.keep(t, i, r, q)
		return
	default:
		if !t.slot(i).main() {
			t.remember(hash)
		}
		s.forget(t, i, r, Evicted)
	}
	q.drop(r.size())
}

// deservesMain reports whether the record of a key that is not there goes
// straight to the main log.
func (s *shard) deservesMain(hash uint64) bool {
	switch s.index.table(tagOf(hash)).recall(hash) {
	case soon:
		return true
	case late:
		s.late++
		return s.late%lateShare == 0
	}
	return false
}

// isWorthKeeping judges a record at the tail of a log.
func (s *shard) isWorthKeeping(record slot) bool {
	if !record.main() {
		return s.trial.passes(record.frequency())
	}
	found := record.frequency() > 0
	if record&onTrial != 0 {
		s.trial.judge(found)
	}
	return found
}

// keep moves the record at the tail of q to the head of the main log.
func (s *shard) keep(t table, i int, r record, q *queue) {
	old := t.slot(i)
	frequency, trial := 0, slot(0)
	switch {
	case old.main():
		frequency = old.frequency() - 1
	case old.frequency() == 1:
		trial = onTrial
	}
	pos := s.main.headPos()
	q.move(r.size(), &s.main)
	t.setSlot(i, newSlot(pos, old.tag(), true, frequency)|trial)
}
