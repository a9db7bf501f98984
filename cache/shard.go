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

	seed  maphash.Seed
	clock *clock
	tells bool // events are wanted

	pool      *pool
	index     *index
	probation queue
	main      queue
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

// get returns the value of a key appended to dst.
func (s *shard) get(dst []byte, hash uint64, key string) ([]byte, bool) {
	t, i, r, ok := s.index.find(hash, key)
	if ok && r.expired(s.clock) {
		s.forget(t, i, r, Expired)
		ok = false
	}
	if !ok {
		s.counts.misses++
		return dst, false
	}
	s.counts.hits++
	t.setSlot(i, t.slot(i).touched())
	return s.pool.appendBytes(dst, r.pos, r.valuePos(), r.value), true
}

// has reports whether a key has a value.
func (s *shard) has(hash uint64, key string) bool {
	_, _, r, ok := s.index.find(hash, key)
	return ok && !r.expired(s.clock)
}

// put gives a key a value. The record fits: that is for the caller to know.
func (s *shard) put(hash uint64, key string, value []byte, deadline int64) {
	s.counts.sets++
	var header [maxHeader]byte
	h := appendHeader(header[:0], len(key), len(value), deadline)
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
	to := &s.probation
	main := old.main() || old == 0 && s.index.table(tagOf(hash)).recall(hash)
	if main {
		to = &s.main
	}
	pos := to.headPos()
	to.write(h)
	to.writeString(key)
	to.write(value)
	s.index.table(tagOf(hash)).insert(newSlot(pos, tagOf(hash), main, old.frequency()))
	s.entries++
}

// remove deletes a key and reports whether it had a value.
func (s *shard) remove(hash uint64, key string) bool {
	t, i, r, ok := s.index.find(hash, key)
	if !ok {
		return false
	}
	if r.expired(s.clock) {
		s.forget(t, i, r, Expired)
		return false
	}
	s.forget(t, i, r, Deleted)
	return true
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
	s.counts.left[why]++
	if s.tells {
		s.events = append(s.events, event{
			key:   string(s.pool.appendBytes(nil, r.pos, r.keyPos(), r.key)),
			value: s.pool.appendBytes([]byte{}, r.pos, r.valuePos(), r.value),
			why:   why,
		})
	}
}

// told returns the events that nobody was told of, for the caller to tell.
func (s *shard) told() []event {
	events := s.events
	s.events = nil
	return events
}

// close gives the shard's memory back.
func (s *shard) close() {
	s.closed = true
	s.entries = 0
	s.pool, s.index, s.probation, s.main = &pool{}, nil, queue{}, queue{}
}
