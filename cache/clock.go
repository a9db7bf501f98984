package cache

import (
	"math"
	"sync/atomic"
	"time"
)

// clock is the cache's time, the only judge of deadlines. It never runs
// backwards: what has expired stays so. It is a steady time plus the most that
// the wall clock was ever ahead of it.
type clock struct {
	// read returns the wall clock and a time that never runs backwards,
	// both in nanoseconds.
	read   func() (wall, steady int64)
	offset atomic.Int64
}

// newClock returns a clock over the system's, or over now. An injected clock
// has no steady one beside it: when it is set back, time stands still.
func newClock(now func() time.Time) *clock {
	c := &clock{}
	c.offset.Store(math.MinInt64)
	if now != nil {
		c.read = func() (int64, int64) { return now().UnixNano(), 0 }
		return c
	}
	start := time.Now()
	c.read = func() (int64, int64) {
		t := time.Now()
		return t.UnixNano(), int64(t.Sub(start))
	}
	return c
}

// nanos returns the cache's time as Unix nanoseconds.
func (c *clock) nanos() int64 {
	wall, steady := c.read()
	for {
		was := c.offset.Load()
		if wall-steady <= was || c.offset.CompareAndSwap(was, wall-steady) {
			return steady + max(was, wall-steady)
		}
	}
}

// time returns the cache's time.
func (c *clock) time() time.Time { return time.Unix(0, c.nanos()) }

// millis returns the cache's time as Unix milliseconds, rounded down.
func (c *clock) millis() int64 { return c.nanos() / int64(time.Millisecond) }

// after returns the deadline of a positive ttl from now, in Unix
// milliseconds, rounded up: a value never dies early.
func (c *clock) after(ttl time.Duration) int64 {
	const ms = int64(time.Millisecond)
	now := c.nanos()
	whole, part := now/ms+int64(ttl)/ms, now%ms+int64(ttl)%ms
	return min(whole+(part+ms-1)/ms, maxDeadline)
}
