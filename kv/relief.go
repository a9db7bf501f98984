package kv

import (
	"cmp"
	"context"
	"errors"
)

// relieved compacts, if a write failed because the log was at its bound or the
// device full, and reports whether the write may be tried again. Who calls
// commitLocked does, without mu. That ends: as long as every write is refused
// the compactor comes to where there is nothing to gain.
func (e *engine) relieved(err error) bool {
	var crowded *crowdedError
	if !errors.As(err, &crowded) && !errors.Is(err, ErrNoSpace) || e.opts.CompactInterval < 0 || e.begin() != nil {
		return false
	}
	defer e.work.Done()
	rewrites := e.compactor.rewrites.Load()
	if crowded != nil {
		rewrites = crowded.rewrites
	}
	select {
	case <-e.saved.settled: // what is not in the index would be thrown away
	case <-e.quit:
		return false
	}
	e.awaitPending()
	e.compactor.working.Lock() // the compactor has done what it could
	defer e.compactor.working.Unlock()
	if e.compactor.rewrites.Load() > rewrites {
		return true // also if that was before anybody came here
	}
	if e.squeeze() {
		return true
	}
	e.mu.Lock()
	err = e.log.Refresh() // what is useless may all lie in the newest segments
	e.mu.Unlock()
	return err == nil && e.squeeze()
}

// squeeze compacts once and reports whether that has made room. The caller
// holds working.
func (e *engine) squeeze() bool {
	freed, _, err := e.compactOnce(e.pressing, func(int64) error { return e.proceed(context.Background()) })
	return err == nil && freed > 0
}

// pressing is the choice of a store that would refuse a write. It waits for
// no value to die by itself. The caller holds mu.
func (e *engine) pressing() choice {
	c := e.choice(e.log.Usage())
	c.least, c.any, c.patience = leastUrgent, true, 0
	return c
}

// awaitPending returns when what was pending is published: nothing behind it
// can be compacted before.
func (e *engine) awaitPending() {
	e.mu.Lock()
	g := cmp.Or(e.group, e.settling)
	e.mu.Unlock()
	_ = g.await(e) // its writers are told
}
