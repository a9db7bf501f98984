package kv

import (
	"fmt"
	"testing"

	"github.com/spcent/plumego/store/internal/vfs"
)

// TestCrashEverywhere cuts the power before every call on the file system
// and after every step of every script, in many ways each, and judges what
// is left. Some of the images crash again while they recover, and every
// point is held to the order of things. Where time is dear a fifth of the
// points is judged.
func TestCrashEverywhere(t *testing.T) {
	var total tallied
	t.Run("scripts", func(t *testing.T) {
		for _, s := range scripts() {
			t.Run(s.name, func(t *testing.T) {
				t.Parallel()
				total.add(crashEverywhere(t, s))
			})
		}
	})
	t.Logf("T04, T06, T14: %d workloads, %v", len(scripts()), &total)
}

// crasher plays a script and cuts the power at every point.
type crasher struct {
	*player
	count  counts
	points int
	// shown has what images show that were judged before: an image that
	// comes again need only be among the states of its new point.
	shown map[print]state
	again map[print]bool // images of crashes while recovering
	// bounds are the images of the last point where all or nothing of what
	// was not synced is lost.
	bounds [2]print
}

// randomImages is how many images are drawn at each point, beside the one
// where all that was not synced is lost and the one where nothing is.
const randomImages = 38

func crashEverywhere(t *testing.T, s script) counts {
	c := &crasher{player: newPlayer(t, "T04", s), shown: map[print]state{}, again: map[print]bool{}}
	c.hook = func(op vfs.Op) error {
		c.count.calls++
		point := fmt.Sprintf("before call %d (%v)", c.count.calls, op)
		c.checkCall(point, op)
		c.crash(point)
		return nil
	}
	c.run(func() {
		c.count.steps++
		c.crash("after the step")
	})
	return c.count
}

// crash draws images and judges them. Where nothing has happened since the
// last point, as before a call that only reads, all but two would be drawn
// in vain.
func (c *crasher) crash(point string) {
	c.t.Helper()
	c.checkSealed(point)
	c.points++
	if !sampled(c.points, 5) {
		return
	}
	states := c.candidates()
	last := c.bounds
	for n := range 2 + fewer(randomImages) {
		image := c.draw(point, n)
		id := c.printOf(image)
		if n < 2 {
			c.bounds[n] = id
		} else if c.bounds == last {
			break
		}
		if err := c.judge(image, id, states); err != nil {
			c.fail("%s, image %d: %v", point, n, err)
		}
	}
}

// draw returns image number n of a point.
func (c *crasher) draw(point string, n int) *vfs.Disk {
	switch n {
	case 0:
		return c.disk.CrashClone(nil, vfs.DropAll)
	case 1:
		return c.disk.CrashClone(nil, vfs.KeepAll)
	default:
		return c.disk.CrashClone(randomFor(c.script.name, c.at, point, n), vfs.Random)
	}
}

// judge examines an image, and some again with crashes while it recovers.
func (c *crasher) judge(image *vfs.Disk, id print, states []state) error {
	c.count.images++
	if got, ok := c.shown[id]; ok {
		if !among(states, got, c.now) {
			return fmt.Errorf("recovered\n%v\nwhich is none of%s", got, list(states, c.now))
		}
		return nil
	}
	c.count.distinct++
	twin, depth := image.Clone(), c.depth()
	got, err := c.examine(image, states)
	if err == nil && depth > 0 {
		err = c.crashInOpen(twin, got, depth)
	}
	c.shown[id] = got
	return err
}

// depth returns how often an image is to crash again while it recovers.
func (c *crasher) depth() int {
	switch {
	case c.count.distinct%490 == 0:
		return 2
	case c.count.distinct%49 == 0:
		return 1
	}
	return 0
}
