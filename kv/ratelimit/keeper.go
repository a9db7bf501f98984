package ratelimit

import (
	"errors"
	"fmt"
	"time"

	"github.com/spcent/plumego/store/kv"
)

// keeper is the part of a store that keeps what a limiter knows of its
// clients.
type keeper struct {
	store  *kv.KVStore
	prefix string
}

func newKeeper(s *kv.KVStore, prefix string) (keeper, error) {
	return keeper{s, prefix}, kv.CheckPrefix(prefix)
}

// step looks at what is known of a client, nil if nothing is, and returns its
// decision and, if that is to allow, what is known from then on and for how
// long.
type step func(state []byte, now time.Time) (d Decision, next []byte, ttl time.Duration, err error)

// ask lets step decide until its decision stands, because nobody has changed
// the state meanwhile. Whoever has, was allowed, so there are no more rounds
// than the limit allows requests.
//
// The time is read after the state, so that it is not before the time the
// state was made at.
func (k keeper) ask(client string, step step) (Decision, error) {
	key := k.prefix + client
	for {
		state, err := k.store.Get(key)
		if err != nil && !errors.Is(err, kv.ErrKeyNotFound) {
			return Decision{}, err
		}
		d, next, ttl, err := step(state, k.store.Now())
		if err != nil || !d.Allowed {
			return d, err
		}
		stands, err := k.replace(key, state, next, ttl)
		if err != nil {
			return Decision{}, err
		}
		if stands {
			return d, nil
		}
	}
}

func (k keeper) replace(key string, state, next []byte, ttl time.Duration) (bool, error) {
	if state == nil {
		return k.store.SetNX(key, next, ttl)
	}
	return k.store.CompareAndSwap(key, state, next, ttl)
}

// longest is the longest time a limiter reckons with. Then and now differ by
// less than an int64 of nanoseconds has room for.
const longest = 100 * 365 * 24 * time.Hour

// checkWindow returns ErrInvalidOptions unless limit and window make sense.
func checkWindow(limit int, window time.Duration) error {
	switch {
	case limit < 1:
		return fmt.Errorf("%w: a limit is at least 1", kv.ErrInvalidOptions)
	case window < time.Millisecond || window > longest || window%time.Millisecond != 0:
		return fmt.Errorf("%w: a window is of whole milliseconds, at least 1 and at most 100 years", kv.ErrInvalidOptions)
	}
	return nil
}

// errForeign says that what is kept for a client is not of this limiter.
func errForeign() error {
	return fmt.Errorf("%w: another wrote under this limiter's prefix", kv.ErrNotInteger)
}
