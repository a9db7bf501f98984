package ratelimit

import (
	"fmt"
	"strconv"
	"time"

	"github.com/spcent/plumego/store/kv"
)

// GCRA is the generic cell rate algorithm, a leaky bucket without the bucket:
// all it keeps of a client is one time, at which the client will have its
// whole burst again. Each request moves it on by one interval, and none may
// move it further ahead than the burst.
type GCRA struct {
	keeper
	every time.Duration
	burst time.Duration // as long as all of it takes to come back
}

// NewGCRA returns a limiter that allows one request in every interval, and
// burst of them at once to a client that has not asked for burst intervals.
// (100 a minute, at most 10 at once: every 600 ms, burst 10.) The times have
// the keys prefix + client. ErrInvalidOptions says what is wrong with the
// arguments, of which the prefix must be one that kv.CheckPrefix takes.
func NewGCRA(s *kv.KVStore, prefix string, every time.Duration, burst int) (*GCRA, error) {
	k, err := newKeeper(s, prefix)
	if every < 1 || burst < 1 || int64(burst) > int64(longest)/int64(max(1, every)) {
		err = fmt.Errorf("%w: an interval and a burst are positive, and take at most 100 years together", kv.ErrInvalidOptions)
	}
	if err != nil {
		return nil, err
	}
	return &GCRA{k, every, every * time.Duration(burst)}, nil
}

// Allow decides on a request of client, and takes note of it if it is
// allowed. It costs one read and, if the request is allowed, one
// compare-and-swap, or as many as others are allowed at the same time. Errors
// are those of kv's CompareAndSwap; then the request was not allowed.
func (l *GCRA) Allow(client string) (Decision, error) { return l.ask(client, l.step) }

func (l *GCRA) step(state []byte, now time.Time) (Decision, []byte, time.Duration, error) {
	var owed time.Duration // until the burst is whole
	if state != nil {
		whole, err := strconv.ParseInt(string(state), 10, 64)
		if err != nil {
			return Decision{}, nil, 0, errForeign()
		}
		owed = max(0, time.Unix(0, whole).Sub(now))
	}
	if wait := owed - (l.burst - l.every); wait > 0 {
		return Decision{RetryAfter: wait, Reset: now.Add(owed)}, nil, 0, nil
	}
	owed += l.every
	d := Decision{Allowed: true, Remaining: int((l.burst - owed) / l.every), Reset: now.Add(owed)}
	return d, strconv.AppendInt(nil, d.Reset.UnixNano(), 10), owed, nil
}
