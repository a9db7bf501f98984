package kv

import "sync/atomic"

// folder brings new keys into the order of the index. A write only queues
// its key; a goroutine folds the queue when it has grown, and a scan when it
// needs the order.
type folder struct {
	busy atomic.Bool
}

// foldAt is how many keys may wait for their place in the order.
const foldAt = 64 << 10

// note starts folding if there is enough to fold and nobody does it yet. The
// caller holds mu, or is alone.
func (f *folder) note(e *engine) {
	if e.index.Backlog() < foldAt || e.closed.Load() || f.busy.Swap(true) {
		return
	}
	e.work.Go(func() {
		e.index.Fold()
		f.busy.Store(false)
	})
}
