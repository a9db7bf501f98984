package keydir

// place is a time at which to look at an entry, or at all those of a bucket.
type place struct {
	at int64 // unix milliseconds
	id uint32
}

// wholeBucket stands for the ids of the bucket that begins at the place. No
// entry has it for an id.
const wholeBucket = 0

// places is a heap with the earliest place first. It is container/heap for
// one type, which does not allocate for each element.
type places []place

// first returns the earliest time, 0 if there is none.
func (h places) first() int64 {
	if len(h) == 0 {
		return 0
	}
	return h[0].at
}

func (h *places) push(p place) {
	*h = append(*h, p)
	h.up(len(*h) - 1)
}

// pop removes the first place. Memory is given back when three quarters of
// it are unused.
func (h *places) pop() {
	last := len(*h) - 1
	(*h)[0] = (*h)[last]
	*h = (*h)[:last]
	h.down(0)
	if c := cap(*h); c > 1024 && last < c/4 {
		*h = append(make(places, 0, c/2), *h...)
	}
}

func (h places) up(i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if h[parent].at <= h[i].at {
			return
		}
		h[parent], h[i] = h[i], h[parent]
		i = parent
	}
}

func (h places) down(i int) {
	for {
		child := 2*i + 1
		if child >= len(h) {
			return
		}
		if right := child + 1; right < len(h) && h[right].at < h[child].at {
			child = right
		}
		if h[i].at <= h[child].at {
			return
		}
		h[i], h[child] = h[child], h[i]
		i = child
	}
}
