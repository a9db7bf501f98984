package kv

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/spcent/plumego/store/internal/vfs"
)

// upwards is a story in which every counter only grows.
const upwards = `
	incr a 1; incr b 2; incr a 1; incr a 3 1h; incr c 1 1h; incr b 1; incr c 1
	incr a 1; incr a 1; sync; incr b 40; incr b 1; incr c 7; incr a 1; incr b 1
	incr a 1; always incr a 1; never incr b 1; never incr a 1; incr c 1
	incr a 1; incr b 1; incr a 1; reopen; incr a 1; incr b 1; incr a 1; incr c 9
	never incr c 1; incr a 1; incr a 1; incr b 1; incr a 100; incr b 1; incr a 1
	kill; incr a 1; incr b 1; never incr b 1; incr a 1; incr b 1; incr c 1; sync
	incr a 1; incr b 1; incr a 1; powercut; incr a 1; incr b 1; incr c 1; incr a 1`

// TestCrashCounters holds counters to their bounds at every point: never
// below what was acknowledged as durable, never above what was asked for.
func TestCrashCounters(t *testing.T) {
	var total tallied
	t.Run("policies", func(t *testing.T) {
		for name, policy := range policies() {
			for _, kind := range []diskKind{mapped, byCall} {
				t.Run(fmt.Sprintf("%s, %v", name, kind), func(t *testing.T) {
					t.Parallel()
					total.add(countUpwards(t, script{name, kind, policy, 1 << 10, parseSteps(policy, upwards)}))
				})
			}
		}
	})
	t.Logf("T32: %d calls + %d steps, %d images", total.calls, total.steps, total.images)
}

func countUpwards(t *testing.T, s script) (n counts) {
	p := newPlayer(t, "T32", s)
	check := func(point string) {
		n.images += 6
		for i := range 6 {
			image := p.disk.CrashClone(randomFor(s.name, p.at, point, i), min(vfs.Keep(i), vfs.Random))
			p.checkBounds(image, fmt.Sprintf("%s, image %d", point, i))
		}
	}
	p.hook = func(op vfs.Op) error {
		n.calls++
		if !onlyLooks(op.Kind) {
			check(fmt.Sprintf("before call %d (%v)", n.calls, op))
		}
		return nil
	}
	p.run(func() {
		n.steps++
		check("after the step")
	})
	return n
}

// checkBounds opens an image and holds its counters to their bounds.
func (p *player) checkBounds(image *vfs.Disk, point string) {
	p.t.Helper()
	s, err := NewKVStore(p.options(image))
	if err != nil {
		p.fail("%s: %v", point, err)
	}
	least, most := p.past.states[p.past.durable], p.past.states[len(p.past.states)-1]
	for _, key := range []string{"a", "b", "c"} {
		got, err := s.Incr(key, 0, 0)
		if low, high := count(least[key]), count(most[key]); err != nil || got < low || got > high {
			p.fail("%s: counter %s is %d, %v; want %d to %d", point, key, got, err, low, high)
		}
	}
	if err := s.Close(); err != nil {
		p.fail("%s: close: %v", point, err)
	}
}

// count returns the number in a counter, 0 where there is none.
func count(h held) int64 {
	n, _ := strconv.ParseInt(h.value, 10, 64)
	return n
}
