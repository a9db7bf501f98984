package kv

import (
	"errors"
	"runtime"
	"slices"
	"sync/atomic"
	"time"

	"github.com/spcent/plumego/store/internal/record"
)

// group is the writes that one sync acknowledges.
type group struct {
	mutations []mutation
	size      atomic.Int64 // of mutations, for who does not hold mu
	led       atomic.Bool  // its first caller leads, the others wait
	done      chan struct{}
	err       error // final when done is closed
}

func newGroup() *group { return &group{done: make(chan struct{})} }

// expect makes room for so many mutations.
func (g *group) expect(n int) { g.mutations = slices.Grow(g.mutations, n) }

// queue adds a mutation to the group of the next sync. The caller holds mu.
func (e *engine) queue(m *mutation) *group {
	g := e.nextGroup()
	g.mutations = append(g.mutations, *m)
	g.size.Add(1)
	e.pending[m.key] = *m
	if m.kind == record.Put {
		e.claims.Add(m.hash, len(m.key))
	}
	if m.kind == record.Touch {
		e.hold(m) // the sweeper must not take it meanwhile
	}
	return g
}

// hold keeps the sweeper from a key that a touch is queued for, until the
// newest of what is pending for it is settled. The caller holds mu.
func (e *engine) hold(m *mutation) {
	e.holds = true
	e.index.Hold(m.hash, m.key)
}

// nextGroup returns the group of the next sync. The caller holds mu.
func (e *engine) nextGroup() *group {
	if e.group == nil {
		e.group = newGroup()
	}
	return e.group
}

// isPending reports whether the newest write of a key is still invisible. A
// later write must then wait for the same sync, whatever its policy, so that
// readers see the two in order. The caller holds mu.
func (e *engine) isPending(key string) bool {
	if len(e.pending) == 0 {
		return false
	}
	_, ok := e.pending[key]
	return ok
}

// await returns when the group's sync is done, and its result. The first to
// come leads: it does the sync, for all who joined before it began. While it
// is at work the next group fills, so one sync serves many writers without a
// timer, and a lone writer waits for nobody. See gather.
func (g *group) await(e *engine) error {
	if g == nil {
		return nil
	}
	if g.led.CompareAndSwap(false, true) {
		e.leadGroup(g)
		close(g.done)
	}
	<-g.done
	return g.err
}

// leadGroup syncs the log and publishes the group's writes, or drops them.
func (e *engine) leadGroup(g *group) {
	e.syncing.Lock()
	defer e.syncing.Unlock()
	e.gather(g)

	e.mu.Lock()
	e.group = nil // whoever writes from now on waits for the next sync
	e.settling = g
	cut := e.log.Cut()
	e.mu.Unlock()

	took := stopwatch()
	err := e.log.Sync(cut)
	e.gathering.patience = took() / gatherShare

	e.mu.Lock()
	e.gathering.expected = g.size.Load()
	if e.group != nil {
		e.gathering.expected += e.group.size.Load()
	}
	g.err = e.settle(g, e.public("sync the log", err))
	e.mu.Unlock()
}

// gathering is what a leader goes by who waits for others to join. Protected
// by the engine's syncing.
type gathering struct {
	expected int64         // writes
	patience time.Duration // at most
}

// A leader waits for others at most so large a share of a sync, and so many
// turns of theirs.
const (
	gatherShare = 8
	gatherTurns = 1000
)

// gather gives the writers of the last group, who have just been told, time
// to join the next one. Without it the first of them would lead a group of
// one, and the others wait for two syncs. Who writes alone expects nobody.
func (e *engine) gather(g *group) {
	took := stopwatch()
	for range gatherTurns {
		if g.size.Load() >= e.gathering.expected || took() > e.gathering.patience {
			return
		}
		runtime.Gosched()
	}
}

// settle publishes a group's writes after a sync without error, in order,
// and forgets them either way. The caller holds mu.
func (e *engine) settle(g *group, err error) error {
	e.settling = nil
	if err == nil {
		e.fetch(g.mutations)
	}
	for i := range g.mutations {
		m := &g.mutations[i]
		if err == nil {
			err = errors.Join(err, e.publish(m))
		}
		if m.kind == record.Put {
			e.claims.Drop(m.hash, len(m.key))
		}
		switch newest := e.pending[m.key]; {
		case newest.seq == m.seq:
			delete(e.pending, m.key)
			if e.holds {
				e.index.Release(m.hash, m.key)
			}
		case newest.kind == record.Touch:
			e.hold(m) // it was not there when the touch was queued
		}
	}
	e.holds = e.holds && len(e.pending) > 0
	e.folder.note(e)
	e.compactor.note(e)
	return err
}
