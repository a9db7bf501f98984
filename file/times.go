package file

import "time"

// deadline returns when a ttl ends that begins now, rounded up to the
// millisecond as store.KV does; never for 0.
func deadline(now time.Time, ttl time.Duration) time.Time {
	if ttl == 0 {
		return time.Time{}
	}
	return now.Add(ttl).Add(time.Millisecond - 1).Truncate(time.Millisecond).UTC()
}

// stamp returns a time as it is after it was stored.
func stamp(t time.Time) time.Time { return time.Unix(0, t.UnixNano()).UTC() }

// utc returns a deadline in UTC; none stays none.
func utc(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.UTC()
}
