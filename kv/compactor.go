package kv

import (
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/spcent/plumego/store/internal/seglog"
	"github.com/spcent/plumego/store/internal/segment"
	"github.com/spcent/plumego/store/internal/spin"
)

// compactor gives back the disk space of records that nobody needs. It
// sleeps until a writer or the sweeper tells it that there is enough of
// them, and works the faster the nearer the store is to its bound. At the
// bound writers wait for it.
type compactor struct {
	wake chan struct{} // room for one

	// gate is what writers wait at: not nil while the store is at its bound
	// and the compactor can do something about it. It is closed when they
	// may go on.
	gate atomic.Pointer[chan struct{}]

	// working is held for one rewrite, or for a whole Compact.
	working sync.Mutex

	// The fields below are protected by the engine's mu.
	calls int   // writes since the last look
	seen  int64 // bytes appended at the last look
	every int64 // bytes appended until the next look
	dead  int64 // bytes that were dead when the compactor was last woken for unhurried work
	rest  int64 // bytes appended until which there is nothing to do but for hollow segments
	// moving says that entries are being led to new places.
	moving bool

	rewrites atomic.Uint64
	copied   atomic.Int64 // bytes
	waits    atomic.Uint64
}

// Between two looks at the store's size lie at most so many writes, and about
// so many bytes, or the share of a segment that writers are held before the
// bound.
const (
	lookCalls = 64
	lookBytes = 256 << 10
	lookShare = 4
)

func newCompactor() compactor { return compactor{wake: make(chan struct{}, 1)} }

// pressure is how the size of a store compares with its bound, in bytes.
type pressure struct {
	disk int64 // of all segments, and of a copy that is being made
	soft int64 // from here on it is worth to compact
	hard int64 // from here on writers wait
}

// urgency is 0 below soft and 1 from hard on.
func (p pressure) urgency() float64 {
	if p.disk <= p.soft {
		return 0
	}
	return min(1, float64(p.disk-p.soft)/float64(max(1, p.hard-p.soft)))
}

// The bound is live/(1-CompactRatio), but never less than boundSegments of
// the smallest segments. Work begins before it, when so much of what may be
// useless is, and writers are held a piece before it: the copy that is being
// made needs room. Where the bound is the least one, which a store reaches
// with a few writes, work begins early: there is little to copy.
const (
	boundSegments = 8
	softShare     = 0.85
	softLeast     = 0.5
)

// pressureOf compares.
func (e *engine) pressureOf(u seglog.Usage) pressure {
	live := u.Records - u.Dead
	bound, soft := int64(float64(live)/(1-e.opts.CompactRatio)), softShare
	if least := boundSegments * u.Limit; bound < least {
		bound, soft = least, softLeast
	}
	if e.opts.MaxBytes > 0 {
		bound = min(bound, e.mostDisk()) // writers rather wait than be refused
	}
	return pressure{
		disk: u.Disk + u.Copying,
		soft: bound - int64(float64(bound-min(live, bound))*(1-soft)) - u.Limit,
		hard: bound - u.Limit,
	}
}

// note looks, now and then, whether there is something to do. The caller
// holds mu.
func (c *compactor) note(e *engine) {
	c.calls++
	if c.calls < lookCalls && e.log.Appended()-c.seen < c.every {
		return
	}
	c.look(e)
}

// look wakes the compactor if there is something to do, and lets writers
// wait if that is urgent. The caller holds mu.
func (c *compactor) look(e *engine) {
	c.calls, c.seen = 0, e.log.Appended()
	if e.opts.CompactInterval < 0 || e.opts.ReadOnly {
		return
	}
	u := e.log.Usage()
	c.every = min(lookBytes, u.Limit/lookShare)
	c.dead = min(c.dead, u.Dead)
	if u.Dead == 0 || u.Hollow == 0 && e.log.Appended() < c.rest {
		return
	}
	p := e.pressureOf(u)
	switch {
	case p.disk > p.soft, u.Hollow > 0:
		c.rouse()
	case u.Dead > c.dead+u.Limit:
		c.dead = u.Dead
		c.rouse()
	}
	if p.disk > p.hard && c.gate.Load() == nil {
		gate := make(chan struct{})
		c.gate.Store(&gate)
	}
}

func (c *compactor) rouse() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// open lets the writers go on.
func (c *compactor) open() {
	if gate := c.gate.Swap(nil); gate != nil {
		close(*gate)
	}
}

// lockToWrite takes mu for a write. It first waits for a transaction that has
// the turn, and at the bound, once, for the compactor to get on.
func (e *engine) lockToWrite() {
	e.turn.pass()
	e.lockInTurn()
}

// lockInTurn is lockToWrite for a transaction that may have the turn.
func (e *engine) lockInTurn() {
	if gate := e.compactor.gate.Load(); gate != nil {
		e.compactor.waits.Add(1)
		select {
		case <-*gate:
		case <-e.quit:
		}
	}
	spin.Lock(&e.mu)
}

// run compacts until the store closes.
func (c *compactor) run(e *engine) {
	defer c.open()
	<-e.saved.settled        // what is not in the index would be thrown away
	var due <-chan time.Time // nil: there is nothing for unhurried work
	for {
		choose := e.urgent
		select {
		case <-e.quit:
			return
		case <-c.wake:
		case <-due:
			choose = e.unhurried
		}
		due = nil
		if c.work(e, choose) {
			due = time.After(e.opts.CompactInterval)
		}
		c.open()
	}
}

// work rewrites what a choice picks until it picks nothing, and returns
// whether there is something for unhurried work. A failure ends it: it is
// logged, nothing is lost, and the next wish to compact tries again.
func (c *compactor) work(e *engine, choose func() choice) (more bool) {
	c.working.Lock()
	defer c.working.Unlock()
	for {
		freed, picked, err := e.compactOnce(choose, e.pace())
		switch {
		case errors.Is(err, ErrStoreClosed):
			return false
		case err != nil:
			e.opts.Logger.Error("kv: compaction failed", slog.Any("error", err))
			var corrupt *segment.CorruptError
			if !errors.As(err, &corrupt) {
				e.takeRest()
				return true
			}
		case !picked, freed <= 0: // to go on might not end
			return e.takeRest()
		}
	}
}

// pace returns what a copy calls as it goes on: it rests between pieces, the
// less the nearer the store is to its bound.
func (e *engine) pace() func(int64) error {
	var done int64
	took := stopwatch()
	return func(n int64) error {
		if done += n; done < paceBytes {
			return nil
		}
		done = 0
		if e.closed.Load() {
			return ErrStoreClosed
		}
		e.mu.Lock()
		urgency := e.pressureOf(e.log.Usage()).urgency()
		e.mu.Unlock()
		pause := min(longestRest, time.Duration(float64(took())*restShare*(1-urgency)))
		if e.compactor.gate.Load() == nil && pause > 0 && !e.sleep(pause) {
			return ErrStoreClosed
		}
		took = stopwatch()
		return nil
	}
}

// What a copy does at a time, and how long it rests then, in times of the
// work. Work that took long has waited, for a sync or a processor, and that
// was rest already.
const (
	paceBytes   = 256 << 10
	restShare   = 3
	longestRest = 2 * time.Millisecond
)
