package cache

import (
	"hash/maphash"
	"sync"
)

// shard is a part of the cache with a lock of its own. All its methods want
// that lock held.
type shard struct {
	mu     sync.Mutex // protects the fields below
	closed bool
	last   form // of the last record whose value was got

	seed  maphash.Seed
	clock *clock
	tells bool // events are wanted

	pool      *pool
	index     *index
	probation queue
	main      queue
	trial     trial
	late      uint // keys that came back late
	entries   int
	most      int    // entries
	key       []byte // of the record that is being looked at

	counts counts
	events []event // that nobody was told of
}

// newShard returns an empty shard of at most so many bytes and entries.
func newShard(c *MemoryCache, bytes int64, entries int) *shard {
	s := &shard{seed: c.seed, clock: c.clock, tells: c.config.OnEvict != nil, most: entries}
	s.key = make([]byte, 0, c.config.MaxKeyLength)
	s.pool = newPool(bytes - shardOverhead - int64(c.config.MaxKeyLength))
	s.clear()
	return s
}

// shardOverhead is more than what a shard, its pool and its index take beside
// pages and what goes with them.
const shardOverhead = 1 << 10

// clear empties the shard.
func (s *shard) clear() {
	s.pool.reset()
	s.index = newIndex(s.pool)
	s.probation, s.main = queue{pool: s.pool}, queue{pool: s.pool}
	s.entries = 0
}

// bytes returns the memory that the shard holds.
func (s *shard) bytes() int64 {
	return s.pool.bytes() + shardOverhead + int64(cap(s.key))
}

// live returns the record of a key, if it has not expired, and the table and
// slot that know of it. One that has expired is forgotten.
func (s *shard) live(hash uint64, key string) (t table, i int, r record, ok bool) {
	t, i, r, ok = s.index.find(hash, key)
	if ok && r.expired(s.clock) {
		s.forget(t, i, r, Expired)
		return nil, 0, record{}, false
	}
	return t, i, r, ok
}

// valued is live for records that are not negative.
func (s *shard) valued(hash uint64, key string) (record, bool) {
	_, _, r, ok := s.live(hash, key)
	return r, ok && !r.negative
}

// get returns the value of a key appended to dst, and its record; the record
// is negative, or the zero one, if there is no value.
func (s *shard) get(dst []byte, hash uint64, key string) ([]byte, record, bool) {
	t, i, r, ok := s.live(hash, key)
	if ok {
		t.touch(i)
	}
	if !ok || r.negative {
		s.counts.misses++
		return dst, r, false
	}
	s.counts.hits++
	s.last = r.form()
	return s.appendValue(dst, r), r, true
}

func (s *shard) appendValue(dst []byte, r record) []byte {
	return s.pool.appendBytes(dst, r.pos, r.valuePos(), r.value)
}

// put gives a key a value.
func (s *shard) put(hash uint64, key string, value []byte, deadline int64) {
	s.counts.sets++
	s.write(hash, key, value, deadline, 0)
}

// write writes the record of a key. It fits: that is for the caller to know.
func (s *shard) write(hash uint64, key string, value []byte, deadline int64, flags uint64) {
	var header [maxHeader]byte
	h := appendHeader(header[:0], len(key), len(value), deadline, flags)
	size := len(h) + len(key) + len(value)

	old := slot(0)
	if t, i, r, ok := s.index.find(hash, key); ok {
		why := Replaced
		if r.expired(s.clock) {
			why = Expired
		}
		old = t.slot(i).touched()
		if r.size() == size && r.header == len(h) {
			s.tell(r, why)
			t.setSlot(i, old)
			s.pool.overwrite(r.pos, 0, h)
			s.pool.overwrite(r.pos, r.valuePos(), value)
			return
		}
		s.forget(t, i, r, why)
	}
	s.makeRoom(size, tagOf(hash))
	main := old.main() || old == 0 && s.deservesMain(hash)
	s.place(hash, key, h, value, main, old.frequency())
}

// place writes a record for which there is room at the head of a log.
func (s *shard) place(hash uint64, key string, header, value []byte, main bool, frequency int) {
	to := &s.probation
	if main {
		to = &s.main
	}
	pos := to.headPos()
	to.write(header)
	to.writeString(key)
	to.write(value)
	s.index.table(tagOf(hash)).insert(newSlot(pos, tagOf(hash), main, frequency))
	s.entries++
}

// remove deletes a key.
func (s *shard) remove(hash uint64, key string) {
	if t, i, r, ok := s.live(hash, key); ok {
		s.forget(t, i, r, Deleted)
	}
}

// keyOf returns the key of a record, until the next call.
func (s *shard) keyOf(r record) []byte {
	s.key = s.pool.appendBytes(s.key[:0], r.pos, r.keyPos(), r.key)
	return s.key
}

// forget takes a record out of the index. It lies dead in its log until the
// tail comes by.
func (s *shard) forget(t table, i int, r record, why Reason) {
	s.tell(r, why)
	s.entries--
	s.index.remove(t.slot(i).tag(), i)
}

// tell notes that the value of a record leaves.
func (s *shard) tell(r record, why Reason) {
	if r.negative {
		return
	}
	s.counts.left[why]++
	if s.tells {
		s.events = append(s.events, event{
			key:   string(s.keyOf(r)),
			value: s.appendValue([]byte{}, r),
			why:   why,
		})
	}
}

// told returns the events that nobody was told of, for the caller to tell.
func (s *shard) told() []event {
	events := s.events
	if events != nil {
		s.events = nil
	}
	return events
}

// close gives the shard's memory back.
func (s *shard) close() {
	s.closed = true
	s.entries = 0
	s.pool, s.index, s.probation, s.main = &pool{}, nil, queue{}, queue{}
}
