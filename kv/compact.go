package kv

import (
	"context"
	"errors"
	"math"

	"github.com/spcent/plumego/store/internal/record"
	"github.com/spcent/plumego/store/internal/seglog"
)

// Compact gives back, now, the disk space of every record that nobody needs:
// of values that were overwritten, deleted or have expired, and of deletes
// that are forgotten everywhere. Readers and writers go on meanwhile. It
// costs the reading of every segment that has such records and the writing
// of what is alive there. What becomes useless while it works may stay.
//
// The error is that of the context, ErrReadOnly, ErrStoreClosed, ErrNoSpace,
// ErrPoisoned, or ErrCorrupt for a segment that was found damaged. After any
// of them the store is as sound as before.
func (s *KVStore) Compact(ctx context.Context) error {
	e := s.engine
	if e.opts.ReadOnly {
		return ErrReadOnly
	}
	if err := e.begin(); err != nil {
		return err
	}
	defer e.work.Done()
	<-e.saved.settled
	e.compactor.working.Lock()
	defer e.compactor.working.Unlock()
	e.expire()
	return e.public("compact", e.compactAll(ctx))
}

// compactAll compacts all that is there when it begins.
func (e *engine) compactAll(ctx context.Context) error {
	e.mu.Lock()
	err := e.log.Refresh()
	last := e.log.LastSeq()
	e.mu.Unlock()
	choose := func() choice {
		c := e.choice(e.log.Usage())
		c.published = min(c.published, last)
		c.overdue, c.oldest = math.MaxInt64, true
		return c
	}
	pace := func(int64) error { return e.proceed(ctx) }
	for picked := true; picked && err == nil; {
		_, picked, err = e.compactOnce(choose, pace)
	}
	return err
}

// compactOnce rewrites one run of segments, if the choice picks any, and
// returns how many bytes that has freed. The caller holds working.
func (e *engine) compactOnce(choose func() choice, pace func(int64) error) (freed int64, picked bool, err error) {
	e.mu.Lock()
	if err := e.writable(); err != nil {
		e.mu.Unlock()
		return 0, false, err
	}
	c := choose()
	run := c.pick(e.log.Shapes())
	if len(run) == 0 {
		e.mu.Unlock()
		return 0, false, nil
	}
	w := e.log.Begin(run, c.published)
	e.mu.Unlock()
	if err := e.rewrite(w, pace); err != nil {
		return 0, true, err
	}
	e.compactor.rewrites.Add(1)
	e.compactor.copied.Add(w.Written())
	e.mu.Lock()
	defer e.mu.Unlock()
	if p := e.pressureOf(e.log.Usage()); p.disk <= p.hard {
		e.compactor.open()
	}
	return w.Freed(), true, nil
}

// rewrite does the five steps of package seglog.
func (e *engine) rewrite(w *seglog.Rewrite, pace func(int64) error) error {
	e.pause("copy")
	if err := w.Copy(e.judge, pace); err != nil {
		return errors.Join(err, w.Abandon())
	}
	e.pause("install")
	e.mu.Lock()
	cut := e.log.Cut()
	e.mu.Unlock()
	e.setMoving(true)
	if err := w.Install(cut); err != nil {
		e.setMoving(false)
		return errors.Join(err, w.Abandon())
	}
	e.pause("move")
	if err := w.Moves(e.move); err != nil {
		return err // the log is poisoned, and the old segments stay in use
	}
	e.index.Barrier() // readers who had looked before the moves are done
	e.pause("retire")
	return e.retire(w)()
}

// setMoving says that the index is in motion, or at rest again.
func (e *engine) setMoving(moving bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.compactor.moving = moving
	e.changes++
}

// judge says what is to become of a record that readers see all newer ones
// of. Expired keys that are still in the index count as alive: a touch may be
// on its way.
func (e *engine) judge(at seglog.Location, r record.Record) (seglog.Verdict, int64) {
	switch r.Type {
	case record.Mark, record.Seal:
		return seglog.Drop, 0
	case record.Put:
		return e.judgeValue(at, r)
	}
	key := string(r.Key)
	entry, ok := e.lookup(e.index.Hash(key), key)
	switch {
	case r.Type == record.Touch && ok && entry.Deadline == r.Deadline:
		return seglog.Keep, r.Deadline
	case r.Type == record.Tombstone && !ok,
		r.Type == record.Touch && !ok && e.clock.expired(r.Deadline):
		return seglog.Kill, 0
	}
	return seglog.Drop, 0
}

// judgeValue is judge for a Put. Most are not where the index leads to, and
// have not expired: that takes no look at the key in the index.
func (e *engine) judgeValue(at seglog.Location, r record.Record) (seglog.Verdict, int64) {
	h := e.index.HashBytes(r.Key)
	stripe := e.index.Stripe(h)
	stripe.RLock()
	defer stripe.RUnlock()
	if deadline, ok := stripe.DeadlineAt(h, at.Segment, at.Offset); ok {
		return seglog.Keep, deadline
	}
	if !e.clock.expired(r.Deadline) {
		return seglog.Drop, 0
	}
	if _, ok := stripe.Find(h, string(r.Key)); ok {
		return seglog.Drop, 0
	}
	return seglog.Kill, 0
}

// move leads the index to a record's new place.
func (e *engine) move(key string, from, to seglog.Location, deadline int64) bool {
	return e.index.Move(e.index.Hash(key), key, entryAt(from), entryAt(to), deadline)
}

// retire takes the old segments out of use and returns what removes them.
// Touches that wait for their sync remember where their values lay.
func (e *engine) retire(w *seglog.Rewrite) (remove func() error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for key, m := range e.pending {
		if m.kind != record.Touch || !w.Has(m.value) {
			continue
		}
		if entry, ok := e.lookup(m.hash, key); ok {
			m.value = location(entry)
			e.pending[key] = m
		}
	}
	e.compactor.moving = false
	e.changes++
	return w.Retire()
}

// pause lets this package's tests step in.
func (e *engine) pause(step string) {
	if e.opts.pause != nil {
		e.opts.pause(step)
	}
}
