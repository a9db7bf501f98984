package kv

import (
	"sync/atomic"
	"time"
)

// turn lets a transaction that has met one conflict after another run while
// nobody else writes.
type turn struct {
	// gate is closed when it is over; nil while nobody has the turn.
	gate atomic.Pointer[chan struct{}]
}

// turnPatience is how long a writer waits for a turn to end. It is bounded,
// since whoever has the turn runs a caller's function, which may write to the
// store by other means than its transaction: that is slow then, and no
// deadlock.
const turnPatience = time.Second

// take reports whether the caller has the turn now. Then give ends it.
func (t *turn) take() bool {
	gate := make(chan struct{})
	return t.gate.CompareAndSwap(nil, &gate)
}

func (t *turn) give() { close(*t.gate.Swap(nil)) }

// pass waits, within bounds, until nobody has the turn.
func (t *turn) pass() {
	if gate := t.gate.Load(); gate != nil {
		waitAt(*gate)
	}
}

func waitAt(gate <-chan struct{}) {
	patience := time.NewTimer(turnPatience)
	defer patience.Stop()
	select {
	case <-gate:
	case <-patience.C:
	}
}
