package kv

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/spcent/plumego/store/internal/vfs"
)

// TestKillThenPowerLoss kills the process at random points, opens the store,
// reads everything, and cuts the power: what was served is still there. The
// kernel held some of it in memory only, and of some a sync may have failed.
func TestKillThenPowerLoss(t *testing.T) {
	var total tallied
	t.Run("scripts", func(t *testing.T) {
		for _, s := range scripts() {
			t.Run(s.name, func(t *testing.T) {
				t.Parallel()
				total.add(killAndCut(t, s))
			})
			t.Run(s.name+", after a failed sync", func(t *testing.T) {
				t.Parallel()
				total.add(killAfterFailedSyncs(t, s))
			})
		}
	})
	t.Logf("T13: %d kills, %d images", total.steps, total.images)
}

// killer kills the process a script runs in, now and then.
type killer struct {
	*player
	rng   *rand.Rand
	count counts
}

// killAndCut plays a script once and kills at about one point in seven, and
// at every call by which opening the store changes the disk.
func killAndCut(t *testing.T, s script) counts {
	k := &killer{player: newPlayer(t, "T13", s), rng: randomFor("T13", s.name)}
	k.hook = func(op vfs.Op) error {
		point := fmt.Sprintf("before %v", op)
		if !k.opening {
			k.maybeKill(point)
		} else if !onlyLooks(op.Kind) {
			k.kill(point, k.candidates()) // after a power cut any of them
		}
		return nil
	}
	k.run(func() { k.maybeKill("after the step") })
	return k.count
}

func (k *killer) maybeKill(point string) {
	k.t.Helper()
	if k.rng.IntN(7*5/fewer(5)) == 0 {
		k.kill(point, k.past.states[k.past.live:])
	}
}

// kill opens what the death of the process leaves, which may show one of
// the states, and then cuts the power.
func (k *killer) kill(point string, states []state) {
	k.t.Helper()
	k.count.steps++
	disk := k.disk.KillClone()
	s, err := NewKVStore(k.options(disk))
	if err != nil {
		k.fail("killed %s: open: %v", point, err)
	}
	served, err := contents(s)
	if err != nil {
		k.fail("killed %s: %v", point, err)
	}
	if !among(states, served, k.now) {
		k.fail("killed %s: served\n%v\nwhich is none of%s", point, served, list(states, k.now))
	}
	for _, keep := range []vfs.Keep{vfs.DropAll, vfs.Random, vfs.Random} {
		k.count.images++
		if _, err := k.examine(disk.CrashClone(k.rng, keep), []state{served}); err != nil {
			k.fail("killed %s, opened, then power loss (%v): %v", point, keep, err)
		}
	}
	k.must(s.Close())
	k.must(k.openClosed(disk, served))
}

// killAfterFailedSyncs fails one sync in each of several plays of a script,
// and kills after each of the next steps.
func killAfterFailedSyncs(t *testing.T, s script) counts {
	var sum tallied
	for n := 1; ; n += 11 {
		k := &killer{player: newPlayer(t, fmt.Sprintf("T13, sync %d failed,", n), s), rng: randomFor("T13", s.name, n)}
		if !k.failSync(n) {
			return sum.counts
		}
		sum.add(k.count)
	}
}

// failSync plays the script until its n-th sync has failed and the process
// was killed a few times. It returns false if there are not so many.
func (k *killer) failSync(n int) bool {
	k.must(k.open())
	syncs, failed := 0, false
	k.hook = func(op vfs.Op) error {
		if op.Kind != vfs.OpFileSync {
			return nil
		}
		syncs++
		if syncs == n {
			failed = true
			return errInjected
		}
		return nil
	}
	for i, kills := 0, 0; i < len(k.script.steps) && kills < 3 && !k.store.engine.closed.Load(); i++ {
		if err := k.play(i); err != nil && !failed {
			k.fail("%v", err)
		}
		if k.poison() != nil {
			kills++
			k.kill("after the step", k.candidates())
		}
	}
	k.hook = nil
	_ = k.store.Close()
	return failed
}
