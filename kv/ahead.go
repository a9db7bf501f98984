package kv

import (
	"sync/atomic"

	"github.com/spcent/plumego/store/internal/segment"
)

// ahead keeps the pages behind the end of the log ready for a busy writer.
// It only ever saves time: what it does not come to is done by the writer.
type ahead struct {
	stretches chan segment.Stretch
}

func newAhead() ahead { return ahead{make(chan segment.Stretch, 4)} }

// note hands a stretch over, or forgets it.
func (a *ahead) note(t segment.Stretch) {
	select {
	case a.stretches <- t:
	default:
	}
}

// run works until the store closes.
func (a *ahead) run(e *engine) {
	for {
		select {
		case <-e.quit:
			return
		case t := <-a.stretches:
			t.Prefault()
		}
	}
}

// flusher has the log written back while it grows, so that the sync at the
// end of a segment, which every writer waits for, finds little to do. It is
// for the policies that do not sync by themselves.
type flusher struct {
	busy atomic.Bool
}

// flushAt is how many bytes may be unsynced before the flusher starts.
const flushAt = 8 << 20

// note starts a sync if there is enough to write back and none is at work.
// Its failure poisons the log, as any does. The caller holds mu.
func (f *flusher) note(e *engine) {
	if e.log.UnsyncedBytes() < flushAt || e.closed.Load() || f.busy.Swap(true) {
		return
	}
	cut := e.log.Cut()
	e.work.Go(func() {
		defer f.busy.Store(false)
		if err := e.log.Sync(cut); err != nil {
			e.stopped(err)
		}
	})
}
