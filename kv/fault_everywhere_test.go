package kv

import (
	"errors"
	"fmt"
	"testing"

	"github.com/spcent/plumego/store/internal/vfs"
)

// TestErrorEverywhere fails every call of a script in turn: once, with all
// of its kind, and with all others; writes at several lengths. The caller
// goes on, and the power fails after each of the next steps.
func TestErrorEverywhere(t *testing.T) {
	stories := []script{
		scriptNamed("sessions by call"), scriptNamed("limits without mappings"),
		scriptNamed("a cache"), scriptNamed("a life with restarts"),
		scriptNamed("compacted sessions"), scriptNamed("churn"), scriptNamed("tombstones"), scriptNamed("transactions by call"),
		{"comings and goings", byCall, SyncNever, 1 << 10, parseSteps(SyncNever, goings)},
	}
	var total tallied
	t.Run("scripts", func(t *testing.T) {
		for _, s := range stories {
			t.Run(s.name, func(t *testing.T) {
				t.Parallel()
				total.add(failEverywhere(t, s))
			})
		}
	})
	t.Logf("T07: %d workloads, %d faults, %d steps after them, %d images (%d different)",
		len(stories), total.calls, total.steps, total.images, total.distinct)
}

// goings are deletes, so that deletes meet the end of a segment too.
const goings = `
	set a 100; set b 10; set c 10; set d 10; set e 10; set f 10; set g 10
	delete a; delete b; delete c; delete d; delete e; delete f; delete g
	set a 8; set b 8; set c 8; delete a; delete c; set d 4; delete d; delete b
	set a 200; set b 300; delete a; delete b; set a 8; delete a; set h 16
	delete h; set a 1; delete a; set a 2; delete a; set a 3; delete a`

func failEverywhere(t *testing.T, s script) (sum counts) {
	every := 3
	if timeIsDear() {
		every = 15
	}
	for i, op := range callsOf(newPlayer(t, "T07", s)) {
		if !drawn(i, every) { // another -seed fails others
			continue
		}
		for _, f := range faultsAt(i+1, op) {
			r := &sufferer{player: newPlayer(t, fmt.Sprintf("T07, %v,", f), s), injector: injector{fault: f}, shown: map[print]state{}}
			r.suffer()
			sum.calls++
			sum.steps += r.count.steps
			sum.images += r.count.images
			sum.distinct += r.count.distinct
		}
	}
	return sum
}

// faultsAt returns the faults that a call can suffer. Unmapping, which
// cannot fail where it is right, suffers none.
func faultsAt(n int, op vfs.Op) []fault {
	if op.Kind == vfs.OpUnmap {
		return nil
	}
	faults := []fault{{nth: n, spread: once}, {nth: n, spread: allOver}}
	if !onlyLooks(op.Kind) || op.Kind == vfs.OpRead {
		faults = append(faults, fault{nth: n, spread: likewise})
	}
	if op.Kind == vfs.OpWrite {
		for _, spread := range []spread{once, likewise} {
			faults = append(faults, fault{nth: n, spread: spread, part: 1}, fault{nth: n, spread: spread, part: 2})
		}
	}
	switch op.Kind {
	case vfs.OpWrite, vfs.OpCreate, vfs.OpReserve, vfs.OpFileSync, vfs.OpDirSync, vfs.OpClose:
		// A thin device may find only in a sync that it is full.
		faults = append(faults, fault{nth: n, full: true})
	}
	return faults
}

// sufferer plays a script with a fault.
type sufferer struct {
	*player
	injector
	count  counts
	shown  map[print]state
	beside bool // the first call to fail was beside the writers
}

// goesOn returns for how many steps the caller goes on after the fault: long
// where something may have been left half done.
func (r *sufferer) goesOn() int {
	if r.spread == once && r.first != nil && !onlyLooks(r.first.Kind) {
		return 12
	}
	return 4
}

func (r *sufferer) suffer() {
	r.hook = func(op vfs.Op) error {
		struck := r.first != nil
		err := r.strike(op)
		r.beside = r.beside || !struck && r.first != nil && r.behind
		return err
	}
	r.heed(r.open)
	for i := 0; i < len(r.script.steps) && r.count.steps < r.goesOn(); i++ {
		r.heed(func() error { return r.play(i) })
	}
	r.heed(r.close)
	r.heal()
	r.must(r.close())
}

// heed does a deed, judges its error, and cuts the power if there has been a
// fault.
func (r *sufferer) heed(deed func() error) {
	before, poison := r.first, r.poison()
	err := deed()
	switch {
	case r.first == nil || before != nil && r.spread == once && poison == nil:
		r.must(err)
	case before == nil && err == nil && !r.mayBeQuiet():
		r.fail("no error from a deed in which a call failed: %v", *r.first)
	case err != nil && !errors.Is(err, errInjected):
		r.fail("an error without its cause: %v", err)
	case poison != nil && err != nil && !errors.Is(err, ErrPoisoned) && (r.verb() == "sync" || r.writes()):
		r.fail("a poisoned store says: %v", err)
	}
	if r.first == nil {
		return
	}
	r.count.steps++
	r.cutPower()
	if r.isClosed() {
		r.heal()
	}
	if err := r.checkReads(); err != nil && (r.spread == once || !errors.Is(err, errInjected)) {
		r.fail("a read failed: %v", err)
	}
}

// mayBeQuiet reports whether nobody need hear of the first failure: room
// behind a seal that is not given back, or a mark that is not left, costs
// the caller nothing, and on a full disk a delete has room of its own. That
// Close is not quiet about more is seen when the store is opened again.
func (r *sufferer) mayBeQuiet() bool {
	switch {
	case r.first.Kind == vfs.OpTruncate, r.first.Kind == vfs.OpProtect, isCache(r.first.Name):
		return true
	case r.first.Kind == vfs.OpReserve && r.full && (r.verb() == "rewrite" || r.verb() == "compact"):
		return r.poison() == nil // the copy has asked again, for less
	case r.beside:
		return r.poison() == nil // the next rotation, or Close, does it
	case r.isClosed():
		return r.clean
	case r.at >= 0 && r.script.steps[r.at].deletes():
		return r.full && r.poison() == nil
	}
	return r.verb() == "sweep" || r.verb() == "reopen"
}

func (r *sufferer) writes() bool { return r.at >= 0 && r.script.steps[r.at].writes() }

// verb returns what the step at work does.
func (r *sufferer) verb() string {
	if r.at < 0 {
		return ""
	}
	return r.script.steps[r.at].verb
}

// poison is that of the player, before there is a store too.
func (r *sufferer) poison() error {
	if r.store == nil {
		return nil
	}
	return r.player.poison()
}

// heal ends the fault and opens the store on the same disk.
func (r *sufferer) heal() {
	r.over = true
	if r.isClosed() {
		r.must(r.open())
	}
}

func (r *sufferer) isClosed() bool { return r.store == nil || r.store.engine.closed.Load() }

// cutPower draws images and judges them: to the end at first, later by what
// they show.
func (r *sufferer) cutPower() {
	r.t.Helper()
	states := r.candidates()
	for n, keep := range []vfs.Keep{vfs.DropAll, vfs.Random} {
		image := r.disk.CrashClone(randomFor(r.script.name, r.nth, r.at, n), keep)
		r.count.images++
		id := r.printOf(image)
		got, ok := r.shown[id]
		if ok && among(states, got, r.now) {
			continue
		}
		r.count.distinct++
		judge := r.look
		if r.count.steps < 3 {
			judge = r.examine
		}
		got, err := judge(image, states)
		if err != nil {
			r.fail("power loss, image %d: %v", n, err)
		}
		r.shown[id] = got
	}
}
