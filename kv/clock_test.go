package kv

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestClockSetBack steps the wall clock back by little and by much. The
// store's time stands, so nothing that was dead revives.
func TestClockSetBack(t *testing.T) {
	for _, step := range []time.Duration{1, time.Millisecond, time.Hour, 10 * 365 * 24 * time.Hour} {
		t.Run(step.String(), func(t *testing.T) {
			clock := newHandClock()
			opts := inDir(t.TempDir())
			opts.Now = clock.now
			s := mustOpen(t, opts)
			require.NoError(t, s.Set("dead", nil, time.Minute))
			require.NoError(t, s.Set("live", nil, 2*time.Minute))
			clock.pass(time.Minute)
			require.False(t, s.Exists("dead"))
			clock.pass(-step)
			require.False(t, s.Exists("dead"), "once dead, always dead")
			require.Equal(t, []string{"live"}, collect(s.Keys("")))
			left, err := s.TTL("live")
			require.NoError(t, err)
			require.Equal(t, time.Minute, left, "the store's time stands still")
			require.NoError(t, s.Set("new", nil, time.Second))
			clock.pass(step)
			require.True(t, s.Exists("new"), "and goes on when the wall has caught up")
			clock.pass(time.Second)
			require.False(t, s.Exists("new"))
			require.NoError(t, s.Close())
		})
	}
}

// TestClockSetForward expires what the new time says, as it says.
func TestClockSetForward(t *testing.T) {
	clock := newHandClock()
	s := mustOpen(t, Options{InMemory: true, Now: clock.now, SweepInterval: -1})
	require.NoError(t, s.Set("hour", nil, time.Hour))
	require.NoError(t, s.Set("century", nil, 100*365*24*time.Hour))
	clock.pass(10 * 365 * 24 * time.Hour)
	require.Equal(t, []string{"century"}, collect(s.Keys("")))
	require.NoError(t, s.Close())
}

// TestTimeOverAMonotonicClock drives the clock below the store: a wall that
// jumps and a steady time beside it.
func TestTimeOverAMonotonicClock(t *testing.T) {
	var wall, steady int64
	c := &clock{read: func() (int64, int64) { return wall, steady }}
	c.offset.Store(-1 << 62)
	tick := func(d int64) { wall, steady = wall+d, steady+d }
	tick(1_000)
	require.Equal(t, int64(1_000), c.nanos())
	wall -= 900
	require.Equal(t, int64(1_000), c.nanos(), "set back: nothing happens")
	tick(50)
	require.Equal(t, int64(1_050), c.nanos(), "and time goes on")
	wall += 5_000
	require.Equal(t, int64(5_150), c.nanos(), "set forward: it follows")
	wall = 0
	tick(10)
	require.Equal(t, int64(5_160), c.nanos())
	c.reached(1)
	require.Equal(t, int64(1_000_000), c.nanos(), "an earlier life had come further")
	c.reached(0)
	require.Equal(t, int64(1_000_000), c.nanos(), "or not as far")
}

// TestReopenWithTheWallBehind opens a store at an earlier wall time than it
// was last used at, closed or killed. What it saw die stays dead.
func TestReopenWithTheWallBehind(t *testing.T) {
	for _, how := range []string{"closed", "killed"} {
		for _, back := range []time.Duration{time.Minute, time.Hour, 10 * 365 * 24 * time.Hour} {
			t.Run(fmt.Sprintf("%s, wall %v behind", how, back), func(t *testing.T) {
				d := newDisk(t)
				w := newScribe(t, d, newHandClock(), ledger{})
				w.set("dead", "older", 0)
				w.set("dead", "v", time.Minute)
				w.set("live", "v", time.Hour)
				w.pass(2 * time.Minute)
				book := w.book
				killed := d.KillClone()
				require.NoError(t, w.s.Close())
				if how == "killed" {
					d = killed
				}
				w.clock.pass(-back)
				for range 3 {
					s := mustOpenAgain(t, onDisk(d, w.clock))
					requireHoldings(t, book, s, "reopened")
					require.NoError(t, s.Close())
				}
			})
		}
	}
}

// TestSeenDeadMeansDeadForEver is the small print of the same promise: a key
// that was seen dead, in a session that wrote nothing.
func TestSeenDeadMeansDeadForEver(t *testing.T) {
	for _, sweep := range []string{"seen by Get", "swept", "deleted"} {
		t.Run(sweep, func(t *testing.T) {
			d := newDisk(t)
			clock := newHandClock()
			s := mustOpen(t, onDisk(d, clock))
			require.NoError(t, s.Set("key", nil, 500*time.Millisecond))
			require.NoError(t, s.Close())

			s = mustOpenAgain(t, onDisk(d, clock))
			clock.pass(500 * time.Millisecond)
			require.False(t, s.Exists("key"))
			switch sweep {
			case "swept":
				require.Zero(t, s.Len())
			case "deleted":
				require.Zero(t, s.Len())
				require.NoError(t, s.Delete("key"))
			}
			require.NoError(t, s.Close())

			clock.pass(-400 * time.Millisecond)
			s = mustOpenAgain(t, onDisk(d, clock))
			require.False(t, s.Exists("key"), "it was dead, the store was closed, and the wall was set back")
			require.NoError(t, s.Close())
		})
	}
}

// TestNowIsTheTimeThatJudges steps over a deadline and back: Now and the
// readers are of one mind, and neither goes back.
func TestNowIsTheTimeThatJudges(t *testing.T) {
	clock := newHandClock()
	s := mustOpen(t, Options{InMemory: true, Now: clock.now, SweepInterval: -1})
	require.NoError(t, s.Set("k", nil, time.Second))
	item, err := s.GetItem("k")
	require.NoError(t, err)
	clock.pass(time.Second - time.Nanosecond)
	require.True(t, s.Now().Before(item.Deadline))
	require.True(t, s.Exists("k"))
	clock.pass(time.Nanosecond)
	require.True(t, s.Now().Equal(item.Deadline))
	require.False(t, s.Exists("k"))
	clock.pass(-time.Hour)
	require.True(t, s.Now().Equal(item.Deadline))
	require.NoError(t, s.Close())
}
