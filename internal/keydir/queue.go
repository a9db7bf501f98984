package keydir

import "sync"

// queue holds the ids of the entries that are flagged queued, each once, in
// no order that matters.
type queue struct {
	mu  sync.Mutex
	ids []uint32
}

func (q *queue) push(id uint32) {
	q.mu.Lock()
	q.ids = append(q.ids, id)
	q.mu.Unlock()
}

// take empties the queue. The caller owns what it returns.
func (q *queue) take() []uint32 {
	q.mu.Lock()
	defer q.mu.Unlock()
	ids := q.ids
	q.ids = nil
	return ids
}

func (q *queue) len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.ids)
}

func (q *queue) bytes() int64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return int64(cap(q.ids)) * 4
}
