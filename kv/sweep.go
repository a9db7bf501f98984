package kv

import (
	"math"
	"sync/atomic"
	"time"

	"github.com/spcent/plumego/store/internal/keydir"
	"github.com/spcent/plumego/store/internal/record"
)

// sweeper frees the memory of keys that have expired. Readers do not depend
// on it. It sleeps until the earliest deadline there is, and has no timer
// when there is none.
type sweeper struct {
	// armed is the deadline it will wake for, in Unix milliseconds.
	armed atomic.Int64
	wake  chan struct{} // room for one
	swept atomic.Uint64 // keys removed because they had expired
	// sawDeath says that somebody was told of a key that it had expired.
	sawDeath atomic.Bool
}

// Bounds of one sweep step and of the record it leaves.
const (
	sweepBatch   = 256  // keys removed under one hold of mu
	markInterval = 1000 // milliseconds between two marks
)

func newSweeper() sweeper { return sweeper{wake: make(chan struct{}, 1)} }

// note says that a key, which the index has already, will die at deadline.
func (w *sweeper) note(deadline int64) {
	if deadline != 0 && deadline < w.armed.Load() {
		w.rouse()
	}
}

// passed says that the store's time has come to now. The sweeper's timer
// runs by the system's clock, which an injected one may leave behind.
func (w *sweeper) passed(now int64) {
	if now > w.armed.Load() {
		w.rouse()
	}
}

func (w *sweeper) rouse() {
	select {
	case w.wake <- struct{}{}:
	default: // it has been woken already
	}
}

// run sweeps when a deadline has come, at most every SweepInterval, until
// the store closes.
func (w *sweeper) run(e *engine) {
	for e.sleep(e.opts.SweepInterval) && w.await(e) {
		e.expire()
	}
}

// await returns true when the earliest deadline has come, and false when the
// store closes.
func (w *sweeper) await(e *engine) bool {
	for {
		var due <-chan time.Time // never, without a deadline
		if left, ok := w.arm(e); ok {
			due = time.After(left)
		}
		select {
		case <-e.quit:
			return false
		case <-due:
			return true
		case <-w.wake: // for an earlier deadline
		}
	}
}

// arm sets the deadline to wake for and returns how far off it is. It first
// lets every writer wake it: one that the index does not show yet must not
// go unheard.
func (w *sweeper) arm(e *engine) (left time.Duration, ok bool) {
	w.armed.Store(math.MaxInt64)
	next := e.index.NextDeadline()
	if next == 0 {
		return 0, false
	}
	w.armed.Store(next)
	return max(0, e.clock.until(next)), true
}

// sleep returns true after d, and false when the store closes.
func (e *engine) sleep(d time.Duration) bool {
	select {
	case <-e.quit:
		return false
	case <-time.After(d):
		return true
	}
}

// expire removes every key whose deadline has passed. It holds mu for one
// batch at a time, so that no touch comes between a look and a removal. First it
// waits for a loaded index to be complete, or writers would have to.
func (e *engine) expire() {
	<-e.saved.settled
	for more := true; more; {
		e.mu.Lock()
		more = e.expireSome()
		e.folder.note(e)
		if !more && !e.closed.Load() {
			e.compactor.look(e)
		}
		e.mu.Unlock()
	}
}

// expireSome removes a batch of the keys whose deadline has passed. The caller
// holds mu.
func (e *engine) expireSome() (more bool) {
	now := e.clock.now()
	n, more := e.index.Expire(now, sweepBatch, e.forget)
	if n > 0 {
		e.changes++
		e.sweeper.swept.Add(uint64(n))
		e.sweeper.sawDeath.Store(true)
		if now >= e.lastMark+markInterval {
			_ = e.mark(now)
		}
	}
	return more
}

// forget counts the record of a key that was swept.
func (e *engine) forget(entry keydir.Entry) { e.log.Dead(location(entry)) }

// mark leaves in the log the time at which keys were seen to be dead, so
// that a clock set back while the store is closed does not revive them. It
// is one small record a second at most, and one at Close. That it cannot be
// written loses nothing else, and the next write will meet the same cause.
// The caller holds mu.
func (e *engine) mark(now int64) error {
	if e.opts.InMemory || e.opts.ReadOnly || now <= e.lastMark {
		return nil
	}
	h := record.Header{Type: record.Mark, Commit: true, Deadline: now}
	_, at, err := e.log.Append(h, "", nil)
	if err == nil {
		e.log.Spent(at)
		e.lastMark = now
	}
	return err
}

// expired reports whether a deadline has passed, and remembers that one had:
// what has been seen to be dead must stay so.
func (e *engine) expired(deadline int64) bool {
	if !e.clock.expired(deadline) {
		return false
	}
	if !e.sweeper.sawDeath.Load() {
		e.sweeper.sawDeath.Store(true)
	}
	return true
}
