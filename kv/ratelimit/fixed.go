package ratelimit

import (
	"errors"
	"strconv"
	"time"

	"github.com/spcent/plumego/store/kv"
)

// FixedWindow allows each client a number of requests in a window that its
// first request opens.
type FixedWindow struct {
	keeper
	limit  int
	window time.Duration
}

// NewFixedWindow returns a limiter that allows limit requests in a window,
// which is of whole milliseconds. Its clients' counters have the keys prefix +
// client. ErrInvalidOptions says what is wrong with the arguments, of which
// the prefix must be one that kv.CheckPrefix takes.
func NewFixedWindow(s *kv.KVStore, prefix string, limit int, window time.Duration) (*FixedWindow, error) {
	k, err := newKeeper(s, prefix)
	if err := errors.Join(err, checkWindow(limit, window)); err != nil {
		return nil, err
	}
	return &FixedWindow{k, limit, window}, nil
}

// Allow decides on a request of client, and counts it if it is allowed. It
// costs one Incr if it is, and one read if it is not; of requests that meet at
// the limit some are counted and refused. Errors are those of kv's Get and
// Incr; then the request was not allowed.
//
// A request that comes in the very millisecond in which the window ends opens
// the next one.
func (l *FixedWindow) Allow(client string) (Decision, error) {
	key := l.prefix + client
	for {
		d, err := l.refusal(key)
		if err != nil || d != (Decision{}) {
			return d, err
		}
		n, err := l.store.Incr(key, 1, l.window)
		if err != nil {
			return Decision{}, err
		}
		if n <= int64(l.limit) {
			return l.allow(key, n)
		}
	}
}

// refusal returns the decision on a window that is full, and the zero one if
// there is room or no window.
func (l *FixedWindow) refusal(key string) (Decision, error) {
	item, err := l.store.GetItem(key)
	switch {
	case errors.Is(err, kv.ErrKeyNotFound):
		return Decision{}, nil
	case err != nil:
		return Decision{}, err
	}
	n, err := strconv.ParseInt(string(item.Value), 10, 64)
	switch {
	case err != nil || item.Deadline.IsZero():
		return Decision{}, errForeign()
	case n < int64(l.limit):
		return Decision{}, nil
	}
	left := item.Deadline.Sub(l.store.Now())
	return Decision{RetryAfter: max(0, left), Reset: item.Deadline}, nil
}

// allow returns the decision on the n-th request in a window.
func (l *FixedWindow) allow(key string, n int64) (Decision, error) {
	d := Decision{Allowed: true, Remaining: l.limit - int(n)}
	item, err := l.store.GetItem(key)
	switch {
	case err == nil:
		d.Reset = item.Deadline
	case errors.Is(err, kv.ErrKeyNotFound): // the window has ended by now
		d.Reset = l.store.Now()
	default:
		return Decision{}, err
	}
	return d, nil
}
