package cache

// queue is a log of records: they are written at its head and leave it at its
// tail, in that order. Those in between do not move.
type queue struct {
	pool  *pool
	bytes int // from tail to head
	head  place
	tail  place
}

// place is an offset in a page. As a head it may be the page's end.
type place struct {
	page uint32 // 0: the queue is empty
	off  int
}

func (q *queue) pos(p place) uint32 { return p.page<<q.pool.shift + uint32(p.off) }

// headPos returns where the next record will begin. It takes the page for it.
func (q *queue) headPos() uint32 {
	q.open()
	return q.pos(q.head)
}

// open sees to it that the head's page has room for a byte.
func (q *queue) open() {
	switch {
	case q.head.page == 0:
		q.head = place{page: q.pool.take()}
		q.tail = q.head
	case q.head.off == q.pool.size():
		id := q.pool.take()
		q.pool.next[q.head.page] = id
		q.head = place{page: id}
	}
}

// write appends b.
func (q *queue) write(b []byte) {
	q.bytes += len(b)
	for len(b) > 0 {
		q.open()
		n := copy(q.pool.page(q.head.page)[q.head.off:], b)
		q.head.off += n
		b = b[n:]
	}
}

// writeString is write.
func (q *queue) writeString(s string) {
	q.bytes += len(s)
	for len(s) > 0 {
		q.open()
		n := copy(q.pool.page(q.head.page)[q.head.off:], s)
		q.head.off += n
		s = s[n:]
	}
}

// drop lets n bytes leave at the tail.
func (q *queue) drop(n int) {
	for n > 0 {
		m := min(n, q.pool.size()-q.tail.off)
		q.leave(m)
		n -= m
	}
}

// move lets n bytes leave at the tail and appends them to another queue. Pages
// are given back on the way: at no time does it need more than one.
func (q *queue) move(n int, to *queue) {
	for n > 0 {
		m := min(n, q.pool.size()-q.tail.off)
		to.write(q.pool.page(q.tail.page)[q.tail.off:][:m])
		q.leave(m)
		n -= m
	}
}

// leave lets n bytes of the tail's page leave, and the page with its last.
func (q *queue) leave(n int) {
	q.bytes -= n
	q.tail.off += n
	switch {
	case q.bytes == 0:
		q.pool.give(q.tail.page)
		q.head, q.tail = place{}, place{}
	case q.tail.off == q.pool.size():
		next := q.pool.next[q.tail.page]
		q.pool.give(q.tail.page)
		q.tail = place{page: next}
	}
}
