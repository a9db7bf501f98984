package cache

import (
	"fmt"
	"hash/maphash"
	"testing"
)

// check looks at everything that must hold between two calls.
func (c *MemoryCache) check(t testing.TB) {
	t.Helper()
	for i, s := range c.shards {
		if err := s.check(); err != nil {
			t.Fatalf("shard %d: %v", i, err)
		}
	}
	if s := c.Stats(); s.Bytes > s.MaxBytes {
		t.Fatalf("%d bytes, the bound is %d", s.Bytes, s.MaxBytes)
	}
}

func (s *shard) check() error {
	tables, slots, err := s.index.check()
	if err != nil {
		return err
	}
	alive := 0
	for _, q := range []*queue{&s.probation, &s.main} {
		n, err := s.checkLog(q)
		if err != nil {
			return err
		}
		alive += n
	}
	if alive != s.entries || slots != s.entries {
		return fmt.Errorf("%d records alive, %d slots, %d entries", alive, slots, s.entries)
	}
	if s.entries > s.most {
		return fmt.Errorf("%d entries, the bound is %d", s.entries, s.most)
	}
	pages := tables + s.probation.pages() + s.main.pages()
	if used := s.pool.used(); used != pages || tables != s.index.pages {
		return fmt.Errorf("%d pages in use, %d seen; %d tables, %d seen", used, pages, s.index.pages, tables)
	}
	return nil
}

// checkLog walks a log from tail to head and returns how many of its records
// are alive.
func (s *shard) checkLog(q *queue) (alive int, err error) {
	at, left := q.tail, q.bytes
	for left > 0 {
		r := s.pool.record(q.pos(at))
		hash := maphash.Bytes(s.seed, s.pool.appendBytes(nil, r.pos, r.keyPos(), r.key))
		if t, i, ok := s.index.findAt(hash, r.pos); ok {
			alive++
			if got := t.slot(i); got.main() != (q == &s.main) || got.tag() != tagOf(hash) {
				return 0, fmt.Errorf("a slot says main is %v", got.main())
			}
		}
		left -= r.size()
		for at.off += r.size(); at.off > s.pool.size() || at.off == s.pool.size() && left > 0; at.off -= s.pool.size() {
			at.page = s.pool.next[at.page]
		}
	}
	if left < 0 || at != q.head {
		return 0, fmt.Errorf("a walk ends at %v with %d bytes left, the head is %v", at, left, q.head)
	}
	return alive, nil
}

func (q *queue) pages() (n int) {
	for id := q.tail.page; id != 0; id = q.pool.next[id] {
		n++
	}
	return n
}

func (x *index) check() (tables, slots int, err error) {
	for p := 0; p < len(x.dir); {
		t := table(x.pool.page(x.dir[p]))
		n := 0
		for i := range t.slots() {
			s := t.slot(i)
			if s == 0 {
				continue
			}
			n++
			if got := x.table(s.tag()); &got[0] != &t[0] {
				return 0, 0, fmt.Errorf("a slot lies in another tag's table")
			}
		}
		if n != t.count() {
			return 0, 0, fmt.Errorf("%d slots, the table counts %d", n, t.count())
		}
		for range 1 << (x.depth - t.depth()) {
			if x.dir[p] != x.dir[p&^(1<<(x.depth-t.depth())-1)] {
				return 0, 0, fmt.Errorf("the directory has two tables where depth %d has one", t.depth())
			}
			p++
		}
		tables, slots = tables+1, slots+n
	}
	return tables, slots, nil
}
