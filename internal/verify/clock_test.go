package verify

import (
	"sync/atomic"
	"time"
)

// handClock is a wall clock that a test sets, in whole milliseconds. It is
// safe for concurrent use.
type handClock struct{ millis atomic.Int64 }

func newHandClock() *handClock {
	c := new(handClock)
	c.millis.Store(time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC).UnixMilli())
	return c
}

func (c *handClock) now() time.Time       { return time.UnixMilli(c.millis.Load()) }
func (c *handClock) pass(d time.Duration) { c.millis.Add(d.Milliseconds()) }
