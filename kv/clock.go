package kv

import (
	"math"
	"sync/atomic"
	"time"
)

// Now returns the store's time, the one that judges deadlines: a key whose
// Item.Deadline is not after it has expired. It follows the system's clock, or
// Options.Now, but never runs backwards; after a crash it goes on from where
// it was to the second, if the clock was set back meanwhile. What is kept in
// the store and judged by time is best judged by this one.
func (s *KVStore) Now() time.Time { return time.Unix(0, s.engine.clock.nanos()) }

// clock is the store's time, the only judge of deadlines. It never runs
// backwards: what was once expired stays so.
//
// It is the system's monotonic time plus an offset that only grows, to where
// the wall clock has been. So a wall clock set back neither revives a key
// nor stops time, and one set forward expires early, as it says.
type clock struct {
	// read returns the wall clock and a time that never runs backwards,
	// both in nanoseconds.
	read func() (wall, steady int64)
	// offset is what wall was ahead of steady at most.
	offset atomic.Int64
}

// newClock returns a clock over the system's, or over now. An injected clock
// has no second, steady one: when it is set back, time stands still.
func newClock(now func() time.Time) *clock {
	c := &clock{}
	if now != nil {
		c.read = func() (int64, int64) { return now().UnixNano(), 0 }
	} else {
		start := time.Now()
		c.read = func() (int64, int64) {
			t := time.Now()
			return t.UnixNano(), int64(t.Sub(start))
		}
	}
	c.offset.Store(math.MinInt64)
	c.nanos()
	return c
}

// nanos returns the store's time as Unix nanoseconds.
func (c *clock) nanos() int64 {
	wall, steady := c.read()
	c.raise(wall - steady)
	return steady + c.offset.Load()
}

// now returns the store's time as Unix milliseconds, rounded down.
func (c *clock) now() int64 { return c.nanos() / int64(time.Millisecond) }

// reached tells the clock a time, in Unix milliseconds, that the store had
// reached in an earlier life.
func (c *clock) reached(millis int64) {
	_, steady := c.read()
	c.raise(millis*int64(time.Millisecond) - steady)
}

func (c *clock) raise(offset int64) {
	for {
		was := c.offset.Load()
		if offset <= was || c.offset.CompareAndSwap(was, offset) {
			return
		}
	}
}

// until returns how long it is, by the store's time, to a deadline.
func (c *clock) until(deadline int64) time.Duration { return untilFrom(c.now(), deadline) }

// untilFrom returns how long it is from a time to a deadline, both in Unix
// milliseconds.
func untilFrom(now, deadline int64) time.Duration {
	left := deadline - now
	if left > math.MaxInt64/int64(time.Millisecond) {
		return math.MaxInt64
	}
	return time.Duration(left) * time.Millisecond
}

// after returns the deadline of a positive ttl from now, in Unix
// milliseconds, rounded up: a key never dies early.
func (c *clock) after(ttl time.Duration) int64 {
	const ms = int64(time.Millisecond)
	now := c.nanos()
	whole, part := now/ms+int64(ttl)/ms, now%ms+int64(ttl)%ms
	return whole + (part+ms-1)/ms
}

// expired reports whether a deadline has passed.
func (c *clock) expired(deadline int64) bool {
	return deadline != 0 && c.now() >= deadline
}

// asDeadline returns a time as a deadline, rounded up to the millisecond.
// The zero time is no deadline; times before the epoch are long past.
func asDeadline(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	if t.Year() > farYear {
		return 1 << 62
	}
	return max(1, t.Add(time.Millisecond-1).UnixMilli())
}

// farYear is still far from where milliseconds overflow an int64.
const farYear = 100_000_000

// asTime returns a deadline as a time; none is the zero time.
func asTime(deadline int64) time.Time {
	if deadline == 0 {
		return time.Time{}
	}
	return time.UnixMilli(deadline)
}

// stopwatch returns a function that says how long ago it was made, in the
// system's time.
func stopwatch() func() time.Duration {
	start := time.Now()
	return func() time.Duration { return time.Since(start) }
}
