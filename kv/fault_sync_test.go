package kv

import (
	"errors"
	"fmt"
	"testing"

	"github.com/spcent/plumego/store/internal/vfs"
)

// TestFsyncFailsEverywhere fails every sync of every script in turn, of a
// file or of the directory. From then on the store reads and does not write,
// and tells everybody the first cause, until it is opened anew.
func TestFsyncFailsEverywhere(t *testing.T) {
	var total tallied
	t.Run("scripts", func(t *testing.T) {
		for _, s := range scripts() {
			t.Run(s.name, func(t *testing.T) {
				t.Parallel()
				total.add(failEachSync(t, s))
			})
		}
	})
	t.Logf("T09: %d syncs failed, %d steps after them, %d images", total.calls, total.steps, total.images)
}

func failEachSync(t *testing.T, s script) counts {
	var sum tallied
	for i, op := range callsOf(newPlayer(t, "T09", s)) {
		if op.Kind != vfs.OpFileSync && op.Kind != vfs.OpDirSync || !sampled(i, 5) {
			continue
		}
		r := &doubter{player: newPlayer(t, fmt.Sprintf("T09, %v (call %d) fails,", op, i+1), s), injector: injector{fault: fault{nth: i + 1}}}
		r.doubt()
		r.count.calls++
		sum.add(r.count)
	}
	return sum.counts
}

// doubter plays a script in which one sync fails.
type doubter struct {
	*player
	injector
	count counts
}

func (r *doubter) doubt() {
	r.hook = r.strike
	err := r.open()
	for i := 0; i < len(r.script.steps) && r.first == nil; i++ {
		err = r.play(i)
	}
	if r.first == nil {
		err = r.close()
	}
	if r.first == nil {
		r.fail("the sync did not come")
	}
	if r.store == nil || r.store.engine.closed.Load() || r.poison() == nil {
		r.checkClosed(err)
		return
	}
	r.checkPoisoned(err)
	r.checkReborn()
}

// checkClosed judges the error of an open, or a Close, in which the sync
// failed. The next open is the cure.
func (r *doubter) checkClosed(err error) {
	if !errors.Is(err, errInjected) {
		r.fail("a failed sync goes unreported: %v", err)
	}
	r.cutPower()
	if r.store == nil || r.store.engine.closed.Load() {
		r.must(r.open())
	}
	r.must(r.close())
}

// checkPoisoned plays the rest of the script on a store that must not write.
func (r *doubter) checkPoisoned(err error) {
	st := r.script.steps[r.at]
	if st.verb != "sweep" && !(errors.Is(err, ErrPoisoned) && errors.Is(err, errInjected)) {
		r.fail("a failed sync is reported as %v", err)
	}
	shown := r.past.now()
	for i := r.at + 1; i < len(r.script.steps); i++ {
		st := r.script.steps[i]
		if st.diskOnly() || st.verb == "reopen" {
			break
		}
		r.count.steps++
		err := r.play(i)
		if st.verb == "sync" && err == nil || err != nil && !(errors.Is(err, ErrPoisoned) && errors.Is(err, errInjected)) {
			r.fail("a poisoned store says %v", err)
		}
		r.must(r.checkReads())
		if r.count.steps < 4 {
			r.cutPower()
		}
	}
	if got := r.past.now(); len(got) != len(shown) {
		r.fail("a poisoned store has changed from\n%v\nto\n%v", shown, got)
	}
}

// checkReborn closes the poisoned store, which says why, and opens it anew
// after the death of the process and after a power loss.
func (r *doubter) checkReborn() {
	states := r.candidates()
	r.count.images++
	if _, err := r.examine(r.disk.KillClone(), r.past.states[r.past.live:]); err != nil {
		r.fail("open after a kill: %v", err)
	}
	if err := r.close(); !errors.Is(err, ErrPoisoned) || !errors.Is(err, errInjected) {
		r.fail("close of a poisoned store says %v", err)
	}
	r.cutPower()
	if _, err := r.examine(r.disk, states); err != nil {
		r.fail("open after close: %v", err)
	}
}

func (r *doubter) cutPower() {
	r.t.Helper()
	states := r.candidates()
	for n := range 5 {
		r.count.images++
		image := r.disk.CrashClone(randomFor(r.suite, r.at, n), min(vfs.Keep(n), vfs.Random))
		if _, err := r.examine(image, states); err != nil {
			r.fail("power loss, image %d: %v", n, err)
		}
	}
}
