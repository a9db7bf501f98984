package main

import (
	"fmt"
	"io"
	"time"
)

// progressInterval is the least time between two drawings of the line.
const progressInterval = 250 * time.Millisecond

// progress draws one line about a long run, again and again, on a terminal.
// On anything else it draws nothing.
type progress struct {
	w     io.Writer // nil: not a terminal
	noun  string    // what is counted, in the plural
	start time.Time
	next  time.Time // when the line may be drawn again
	drawn bool
}

func (c *call) newProgress(noun string) *progress {
	p := &progress{noun: noun, start: time.Now()}
	p.next = p.start.Add(progressInterval)
	if isTerminal(c.stderr) {
		p.w = c.stderr
	}
	return p
}

// step is called after each line of input or output. It looks at the clock
// once in 64 calls.
func (p *progress) step(count, bytes int64) {
	if p.w == nil || count%64 != 0 {
		return
	}
	if now := time.Now(); now.After(p.next) {
		p.draw(count, bytes, now)
		p.next = now.Add(progressInterval)
	}
}

func (p *progress) draw(count, bytes int64, now time.Time) {
	rate := float64(count) / now.Sub(p.start).Seconds()
	fmt.Fprintf(p.w, "\r%d %s, %.1f MB, %.0f/s\x1b[K", count, p.noun, float64(bytes)/1e6, rate)
	p.drawn = true
}

// share is called with how much of a whole is done, both in bytes.
func (p *progress) share(done, total int64) {
	if p.w == nil || total == 0 {
		return
	}
	if now := time.Now(); now.After(p.next) {
		fmt.Fprintf(p.w, "\r%.0f %% of %.1f MB\x1b[K", 100*float64(done)/float64(total), float64(total)/1e6)
		p.drawn, p.next = true, now.Add(progressInterval)
	}
}

// done wipes the line.
func (p *progress) done() {
	if p.drawn {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}
