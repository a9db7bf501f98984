package kv

import (
	"fmt"
	"sync"
)

// counts is how much a suite has done.
type counts struct {
	calls, steps     int
	images, distinct int // drawn; and of these, opened
	again            int // images of crashes while recovering
	deletes          int // on a full disk
}

// tallied adds up the counts of tests that run in parallel.
type tallied struct {
	mu sync.Mutex // protects counts
	counts
}

func (t *tallied) add(c counts) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.calls += c.calls
	t.steps += c.steps
	t.images += c.images
	t.distinct += c.distinct
	t.again += c.again
	t.deletes += c.deletes
}

// String returns the counts in words.
func (t *tallied) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return fmt.Sprintf("%d calls + %d steps, %d images (%d different), %d images of crashes while recovering",
		t.calls, t.steps, t.images, t.distinct, t.again)
}
