package kv

import (
	"log/slog"
	"sync/atomic"
)

// Sync makes everything acknowledged before the call durable, under any
// policy. A failure is ErrPoisoned.
func (s *KVStore) Sync() error { return s.engine.sync() }

// sync waits for the next group's sync, as a writer without a write.
func (e *engine) sync() error {
	e.mu.Lock()
	if e.closed.Load() {
		e.mu.Unlock()
		return ErrStoreClosed
	}
	if e.opts.ReadOnly {
		e.mu.Unlock()
		return nil
	}
	g := e.nextGroup()
	e.mu.Unlock()
	return g.await(e)
}

// syncer bounds the age of what SyncInterval has acknowledged. It sleeps
// until there is something unsynced: an idle store has no timer.
type syncer struct {
	unsynced atomic.Bool   // the syncer has been told
	wake     chan struct{} // room for one
}

func newSyncer() syncer { return syncer{wake: make(chan struct{}, 1)} }

// note says that there is something to sync in time.
func (y *syncer) note() {
	if !y.unsynced.Load() && !y.unsynced.Swap(true) {
		y.wake <- struct{}{}
	}
}

// run syncs SyncEvery after the first unsynced write, until the store
// closes. A failure is logged once and ends it: the store is poisoned.
func (y *syncer) run(e *engine) {
	for {
		select {
		case <-e.quit:
			return
		case <-y.wake:
		}
		if !e.sleep(e.opts.SyncEvery) {
			return
		}
		// Cleared before the sync: a write that comes during it asks again.
		y.unsynced.Store(false)
		if err := e.sync(); err != nil {
			if err != ErrStoreClosed {
				e.stopped(err)
			}
			return
		}
	}
}

// finishBehind does what is left to do for a full segment beside the writers,
// while the store is open; Close does it itself. The caller holds mu.
func (e *engine) finishBehind(work func() error) {
	e.behind(func() {
		if err := e.public("finish a segment", work()); err != nil {
			e.stopped(err)
		}
	})
}

// behind runs what may be done beside the writers, or not at all if the store
// is closed. The caller holds mu.
func (e *engine) behind(run func()) {
	switch {
	case e.closed.Load():
	case e.opts.later != nil:
		e.opts.later(run)
	default:
		e.work.Go(run)
	}
}

// stopped logs that a sync nobody waited for has failed.
func (e *engine) stopped(err error) {
	e.opts.Logger.Error("kv: background sync failed; the store stopped writing", slog.Any("error", err))
}
