package idempotency

import "time"

// judge says what a claim of a key on these terms comes to at a moment, given
// what is there. If the claim may be had, its Record is what has to be put in
// the place of e for it. It reads nothing and writes nothing.
func judge(e entry, key, fingerprint string, t Terms, now time.Time) (Claim, error) {
	r := e.record
	switch {
	case !e.exists():
		return acquired(Record{Key: key, Fingerprint: fingerprint, CreatedAt: now}, t, now), nil
	case r.Fingerprint != fingerprint:
		return Claim{}, ErrMismatch
	case r.Status.final():
		return Claim{State: Ended, Record: r}, nil
	case now.Before(r.LeaseUntil):
		return Claim{State: InProgress, Record: r, RetryAfter: r.LeaseUntil.Sub(now)}, nil
	case t.AtMostOnce || r.AtMostOnce:
		return Claim{State: Abandoned, Record: r}, nil
	}
	r.TakenOver = true
	return acquired(r, t, now), nil
}

// acquired is the claim whose record is r from now on.
func acquired(r Record, t Terms, now time.Time) Claim {
	r.Status = StatusInProgress
	r.Token = 0
	r.AtMostOnce = t.AtMostOnce
	r.Retention = t.Retention
	return Claim{State: Acquired, Record: leased(r, now.Add(t.Lease))}
}

// leased returns r with another end of its lease. A record outlives its lease
// by its retention, so that whoever comes then knows that somebody was there.
func leased(r Record, until time.Time) Record {
	r.LeaseUntil = until
	r.ExpiresAt = until.Add(r.Retention)
	return r
}

// ended returns r with its outcome.
func ended(r Record, o Outcome, retention time.Duration, now time.Time) Record {
	r.Status = o.Status
	r.Response, r.ErrCode, r.ErrText = o.Response, o.ErrCode, o.ErrText
	r.CompletedAt = now
	r.Retention = retention
	r.ExpiresAt = now.Add(retention)
	return r
}
