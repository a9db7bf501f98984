package main

import (
	"sync/atomic"
	"time"
)

// logClock is the time that the log has reached. It never runs backwards: a
// line that comes late happens when the clock stands.
type logClock struct {
	seconds atomic.Int64 // since the Unix epoch; read by the store's sweeper
}

// reach moves the clock to t, unless it is there already, and returns by
// how much t is late.
func (c *logClock) reach(t time.Time) (late time.Duration) {
	at, now := t.Unix(), c.seconds.Load()
	if at < now {
		return time.Duration(now-at) * time.Second
	}
	c.seconds.Store(at)
	return 0
}

func (c *logClock) now() time.Time { return time.Unix(c.seconds.Load(), 0) }
