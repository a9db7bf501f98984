package storetest

import (
	"sync/atomic"
	"time"
)

// clock is a wall clock that a case sets.
type clock struct{ nanos atomic.Int64 }

func newClock() *clock {
	c := new(clock)
	c.nanos.Store(time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC).UnixNano())
	return c
}

func (c *clock) now() time.Time               { return time.Unix(0, c.nanos.Load()) }
func (c *clock) pass(d time.Duration)         { c.nanos.Add(int64(d)) }
func (c *clock) in(d time.Duration) time.Time { return c.now().Add(d) }
