package ratelimit

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/spcent/plumego/store/kv"
)

// SlidingWindow allows each client a number of requests in the window that
// ends now. It does not remember each request but counts them in windows side
// by side, the first of which begins with the client's first request, and
// takes those of the window before as spread evenly over it.
type SlidingWindow struct {
	keeper
	limit  int64
	window int64 // milliseconds
}

// NewSlidingWindow returns a limiter that allows limit requests in a window,
// which is of whole milliseconds. Its clients' counters have the keys prefix +
// client. ErrInvalidOptions says what is wrong with the arguments, of which
// the prefix must be one that kv.CheckPrefix takes.
func NewSlidingWindow(s *kv.KVStore, prefix string, limit int, window time.Duration) (*SlidingWindow, error) {
	k, err := newKeeper(s, prefix)
	if err := errors.Join(err, checkWindow(limit, window)); err != nil {
		return nil, err
	}
	l := &SlidingWindow{k, int64(limit), window.Milliseconds()}
	if l.limit > math.MaxInt64/4/l.window {
		return nil, fmt.Errorf("%w: limit times window is too great", kv.ErrInvalidOptions)
	}
	return l, nil
}

// Allow decides on a request of client, and counts it if it is allowed. It
// costs one read and, if the request is allowed, one compare-and-swap, or as
// many as others are allowed at the same time. Errors are those of kv's
// CompareAndSwap; then the request was not allowed.
func (l *SlidingWindow) Allow(client string) (Decision, error) { return l.ask(client, l.step) }

func (l *SlidingWindow) step(state []byte, now time.Time) (Decision, []byte, time.Duration, error) {
	at := now.UnixMilli()
	c := counters{start: at}
	if state != nil {
		if err := c.parse(state); err != nil {
			return Decision{}, nil, 0, err
		}
		c.moveTo(at, l.window)
	}
	free := l.limit*l.window - l.used(c, at)
	if free < l.window {
		wait := time.UnixMilli(l.opens(c)).Sub(now)
		return Decision{RetryAfter: wait, Reset: time.UnixMilli(l.ends(c))}, nil, 0, nil
	}
	c.current++
	d := Decision{
		Allowed:   true,
		Remaining: int(free/l.window) - 1,
		Reset:     time.UnixMilli(l.ends(c)),
	}
	return d, c.text(), d.Reset.Sub(now), nil
}

// used returns how many requests count at a time, times the window, so that
// nothing is rounded.
func (l *SlidingWindow) used(c counters, at int64) int64 {
	elapsed := max(0, at-c.start)
	return c.before*(l.window-elapsed) + c.current*l.window
}

// opens returns when the next request is allowed, after one was refused.
func (l *SlidingWindow) opens(c counters) int64 {
	if c.current >= l.limit { // not in this window
		c = counters{start: c.start + l.window, before: c.current}
	}
	return c.start + l.window - (l.limit-1-c.current)*l.window/c.before
}

// ends returns when nothing counts any more.
func (l *SlidingWindow) ends(c counters) int64 {
	if c.current == 0 {
		return c.start + l.window
	}
	return c.start + 2*l.window
}

// counters are what is known of a client. They are kept as the decimal text of
// three numbers:
//
//	start, in Unix milliseconds | before | current
//
// with one space between two.
type counters struct {
	start   int64 // of the current window
	before  int64 // requests in the window before
	current int64
}

// moveTo makes the window that a time lies in the current one. A time before
// the current window, which a crash can bring, leaves all as it is.
func (c *counters) moveTo(at, window int64) {
	switch passed := (at - c.start) / window; {
	case passed == 1:
		*c = counters{start: c.start + window, before: c.current}
	case passed > 1:
		*c = counters{start: at}
	}
}

func (c *counters) text() []byte {
	b := strconv.AppendInt(nil, c.start, 10)
	b = strconv.AppendInt(append(b, ' '), c.before, 10)
	return strconv.AppendInt(append(b, ' '), c.current, 10)
}

func (c *counters) parse(text []byte) error {
	fields := bytes.Split(text, []byte(" "))
	numbers := []*int64{&c.start, &c.before, &c.current}
	if len(fields) != len(numbers) {
		return errForeign()
	}
	for i, n := range numbers {
		var err error
		if *n, err = strconv.ParseInt(string(fields[i]), 10, 64); err != nil || *n < 0 {
			return errForeign()
		}
	}
	return nil
}
