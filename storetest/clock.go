package storetest

import (
	"sync/atomic"
	"time"
)

// Clock is a wall clock that stands still until a test moves it, for an
// implementation that judges deadlines by a function given to it. All methods
// are safe for concurrent use.
type Clock struct{ nanos atomic.Int64 }

// NewClock returns a clock that stands at some time of a day in 2026, UTC.
func NewClock() *Clock {
	c := new(Clock)
	c.nanos.Store(time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC).UnixNano())
	return c
}

// Now returns where the clock stands.
func (c *Clock) Now() time.Time { return time.Unix(0, c.nanos.Load()) }

// Pass moves the clock by d, back if d is negative.
func (c *Clock) Pass(d time.Duration) { c.nanos.Add(int64(d)) }

// In returns the time at which the clock will stand when d has passed.
func (c *Clock) In(d time.Duration) time.Time { return c.Now().Add(d) }
