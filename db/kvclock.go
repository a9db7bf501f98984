package db

import (
	"context"
	"strconv"
	"sync"
	"time"
)

// nowSQL returns the time by which deadlines are judged as an expression.
func (k *KV) nowSQL() string {
	if k.clock == nil {
		return k.say.now
	}
	return strconv.FormatInt(k.told().UnixMilli(), 10)
}

// told is the time of the clock that was given, which does not run backwards
// for this KV: what was seen as expired stays so.
func (k *KV) told() time.Time { return k.heard.note(k.clock()) }

// now asks for that time, in Unix milliseconds.
func (k *KV) now(ctx context.Context, q Querier) (int64, error) {
	if k.clock != nil {
		return k.told().UnixMilli(), nil
	}
	return One[int64](ctx, q, "SELECT "+k.say.now)
}

// lastHeard is the latest time that was told.
type lastHeard struct {
	mu sync.Mutex // protects at
	at time.Time
}

func (h *lastHeard) note(at time.Time) time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	if at.After(h.at) {
		h.at = at
	}
	return h.at
}

// Now makes the KV a store.Clock: it asks the database for its time, for at
// most five seconds. If that does not answer, it is the latest that was heard;
// whatever is done then will fail too, and say so.
func (k *KV) Now() time.Time {
	if k.clock != nil {
		return k.told()
	}
	ctx, cancel := context.WithTimeout(context.Background(), defaultPingTimeout)
	defer cancel()
	if err := k.begin(ctx); err != nil {
		return k.heard.note(time.Time{})
	}
	defer k.mu.RUnlock()
	ms, err := k.now(ctx, k.db)
	if err != nil {
		return k.heard.note(time.Time{})
	}
	return k.heard.note(time.UnixMilli(ms))
}
