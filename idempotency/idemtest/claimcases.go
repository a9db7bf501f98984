package idemtest

import (
	"context"
	"errors"
	"time"

	"github.com/spcent/plumego/store"
	"github.com/spcent/plumego/store/idempotency"
)

func claimCases() map[string]func(*desk) {
	return map[string]func(*desk){
		"a claim holds, and its outcome stays":              claimHolds,
		"a failure for good stays too":                      failureStays,
		"another fingerprint is ErrMismatch at all times":   mismatchAlways,
		"a lease ends to the nanosecond":                    leaseEnds,
		"a claim that was taken over can do nothing":        zombieIsPowerless,
		"a late outcome counts unless taken over":           lateCounts,
		"an outcome can be stored again, but no other":      sameAgain,
		"a released key is free at once":                    releasedIsFree,
		"a release does not forget that one has vanished":   releaseRemembers,
		"at most once is never taken over":                  neverTakenOver,
		"an extension moves the lease, never back":          extendMoves,
		"an abandoned claim is known for its retention":     abandonedIsKnown,
		"an outcome is known for its retention":             outcomeIsKnown,
		"set puts an end to a claim":                        setEnds,
		"nothing and less is no lease and no retention":     nothingIsNoLease,
		"what is missing cannot be held":                    missingIsNotHeld,
		"a claim that may be had is refused a done context": doneContextClaims,
		"of many claims one wins":                           oneWins,
		"of many that take over one wins":                   oneTakesOver,
	}
}

func claimHolds(d *desk) {
	c := d.claim("k", idempotency.Acquired)
	wantSame(d.T, "RetryAfter", c.RetryAfter, 0)
	d.clock.Pass(time.Second)
	other := d.claim("k", idempotency.InProgress)
	wantSame(d.T, "RetryAfter", other.RetryAfter, lease-time.Second)
	r := d.get("k")
	wantSame(d.T, "Status", r.Status, idempotency.StatusInProgress)
	wantSame(d.T, "Token", r.Token, c.Record.Token)
	wantTime(d.T, "LeaseUntil", r.LeaseUntil, d.clock.In(lease-time.Second))

	d.complete("k", c.Record.Token, "response")
	ended := d.claim("k", idempotency.Ended)
	wantSame(d.T, "Response", string(ended.Record.Response), "response")
	wantSame(d.T, "Status", ended.Record.Status, idempotency.StatusCompleted)
	wantSame(d.T, "Token", ended.Record.Token, c.Record.Token)
	wantTime(d.T, "CompletedAt", ended.Record.CompletedAt, d.clock.Now())
	wantTime(d.T, "CreatedAt", ended.Record.CreatedAt, d.clock.In(-time.Second))
}

func failureStays(d *desk) {
	c := d.claim("k", idempotency.Acquired)
	o := idempotency.Outcome{Status: idempotency.StatusFailed, ErrCode: "code", ErrText: "text"}
	wantErr(d.T, "Complete", d.Complete(context.Background(), "k", c.Record.Token, o, retention), nil)
	r := d.claim("k", idempotency.Ended).Record
	wantSame(d.T, "Status", r.Status, idempotency.StatusFailed)
	wantSame(d.T, "the error", r.ErrCode+" "+r.ErrText, "code text")
	if r.Response != nil {
		d.Fatalf("Response = %q", r.Response)
	}
}

func mismatchAlways(d *desk) {
	mismatch := func(state string) {
		d.Helper()
		for _, fingerprint := range []string{"", "g", "f\x00"} {
			_, err := d.Claim(context.Background(), "k", fingerprint, terms())
			wantErr(d.T, state, err, idempotency.ErrMismatch)
			wantErr(d.T, state, err, store.ErrConflict)
		}
	}
	c := d.claim("k", idempotency.Acquired)
	mismatch("in progress")
	d.clock.Pass(lease)
	mismatch("abandoned")
	d.complete("k", c.Record.Token, "")
	mismatch("completed")
}

func leaseEnds(d *desk) {
	first := d.claim("k", idempotency.Acquired)
	d.clock.Pass(lease - 1)
	wantSame(d.T, "RetryAfter", d.claim("k", idempotency.InProgress).RetryAfter, 1)
	d.clock.Pass(1)
	second := d.claim("k", idempotency.Acquired)
	if !second.Record.TakenOver || first.Record.TakenOver {
		d.Fatalf("taken over: first %v, second %v", first.Record.TakenOver, second.Record.TakenOver)
	}
	if second.Record.Token <= first.Record.Token {
		d.Fatalf("token %d comes after %d", second.Record.Token, first.Record.Token)
	}
	wantTime(d.T, "CreatedAt", second.Record.CreatedAt, d.clock.In(-lease))
}

func zombieIsPowerless(d *desk) {
	zombie := d.claim("k", idempotency.Acquired).Record.Token
	d.clock.Pass(lease)
	holder := d.claim("k", idempotency.Acquired).Record.Token
	d.powerless("k", zombie)
	d.complete("k", holder, "holder's")
	d.powerless("k", zombie)
	d.powerless("k", 0)
	wantSame(d.T, "Response", string(d.get("k").Response), "holder's")
}

func lateCounts(d *desk) {
	c := d.claim("k", idempotency.Acquired)
	d.clock.Pass(lease + retention - time.Millisecond)
	d.complete("k", c.Record.Token, "late")
	wantSame(d.T, "Response", string(d.claim("k", idempotency.Ended).Record.Response), "late")
}

func sameAgain(d *desk) {
	c := d.claim("k", idempotency.Acquired)
	d.complete("k", c.Record.Token, "")
	before := d.get("k")
	d.clock.Pass(time.Second)
	d.complete("k", c.Record.Token, "")
	wantSame(d.T, "the record", d.get("k"), before)
	for _, o := range []idempotency.Outcome{
		done("other"),
		{Status: idempotency.StatusCompleted},
		{Status: idempotency.StatusFailed, Response: []byte{}},
	} {
		err := d.Complete(context.Background(), "k", c.Record.Token, o, retention)
		wantErr(d.T, "Complete", err, idempotency.ErrLeaseLost)
	}
	d.refuseBoth("k", c.Record.Token)
	wantSame(d.T, "the record", d.get("k"), before)
}

// refuseBoth expects that an ended claim is neither released nor extended.
func (d *desk) refuseBoth(key string, token uint64) {
	d.Helper()
	wantErr(d.T, "Release", d.Release(context.Background(), key, token), idempotency.ErrLeaseLost)
	wantErr(d.T, "Extend", d.Extend(context.Background(), key, token, lease), idempotency.ErrLeaseLost)
}

func releasedIsFree(d *desk) {
	last := uint64(0)
	for range 3 {
		c := d.claim("k", idempotency.Acquired)
		if c.Record.TakenOver || c.Record.Token <= last {
			d.Fatalf("claim %+v after token %d", c.Record, last)
		}
		last = c.Record.Token
		wantErr(d.T, "Release", d.Release(context.Background(), "k", last), nil)
		wantMissing(d.T, d.Claimer, "k")
		d.powerless("k", last)
	}
}

func releaseRemembers(d *desk) {
	d.claim("k", idempotency.Acquired)
	d.clock.Pass(lease)
	second := d.claim("k", idempotency.Acquired).Record.Token
	wantErr(d.T, "Release", d.Release(context.Background(), "k", second), nil)
	d.powerless("k", second)
	third := d.claim("k", idempotency.Acquired)
	if !third.Record.TakenOver || third.Record.Token <= second {
		d.Fatalf("claim %+v after token %d", third.Record, second)
	}
}

func neverTakenOver(d *desk) {
	once := terms()
	once.AtMostOnce = true
	c := d.claimOn("claimed so", once, idempotency.Acquired)
	d.claim("asked so", idempotency.Acquired)
	d.clock.Pass(lease)
	d.claim("claimed so", idempotency.Abandoned)
	d.claimOn("claimed so", once, idempotency.Abandoned)
	d.claimOn("asked so", once, idempotency.Abandoned)
	d.complete("claimed so", c.Record.Token, "after all")
	d.claim("claimed so", idempotency.Ended)
	d.claim("asked so", idempotency.Acquired)
}

func extendMoves(d *desk) {
	c := d.claim("k", idempotency.Acquired)
	extend := func(lease time.Duration) {
		d.Helper()
		wantErr(d.T, "Extend", d.Extend(context.Background(), "k", c.Record.Token, lease), nil)
		wantSame(d.T, "Token", d.get("k").Token, c.Record.Token)
	}
	d.clock.Pass(lease - 1)
	extend(lease)
	d.clock.Pass(lease - 1)
	d.claim("k", idempotency.InProgress)
	extend(lease)
	extend(1)
	d.clock.Pass(lease - 1)
	d.claim("k", idempotency.InProgress)
	d.clock.Pass(1 + retention - time.Millisecond)
	extend(lease) // over, but nobody has come
	d.claim("k", idempotency.InProgress)
	d.clock.Pass(lease)
	d.claim("k", idempotency.Acquired)
	d.powerless("k", c.Record.Token)
}

func abandonedIsKnown(d *desk) {
	short := idempotency.Terms{Lease: lease, Retention: time.Second, AtMostOnce: true}
	c := d.claimOn("k", short, idempotency.Acquired)
	d.clock.Pass(lease + time.Second - time.Millisecond)
	d.claimOn("k", short, idempotency.Abandoned)
	d.clock.Pass(time.Millisecond)
	d.powerless("k", c.Record.Token)
	again := d.claimOn("k", short, idempotency.Acquired)
	if again.Record.TakenOver || again.Record.Token <= c.Record.Token {
		d.Fatalf("claim %+v after token %d", again.Record, c.Record.Token)
	}
	d.powerless("k", c.Record.Token)
}

func outcomeIsKnown(d *desk) {
	c := d.claim("k", idempotency.Acquired)
	wantErr(d.T, "Complete", d.Complete(context.Background(), "k", c.Record.Token, done("1"), time.Second), nil)
	d.clock.Pass(time.Second - time.Millisecond)
	d.claim("k", idempotency.Ended)
	d.clock.Pass(time.Millisecond)
	wantMissing(d.T, d.Claimer, "k")
	d.powerless("k", c.Record.Token)
	d.claim("k", idempotency.Acquired)
}

func setEnds(d *desk) {
	c := d.claim("k", idempotency.Acquired)
	wantErr(d.T, "Set", d.Set(context.Background(), "k", completed("operator's")), nil)
	d.powerless("k", c.Record.Token)
	wantSame(d.T, "Response", string(d.get("k").Response), "operator's")
}

func nothingIsNoLease(d *desk) {
	ctx := context.Background()
	for _, wrong := range []time.Duration{0, -1, idempotency.MaxDuration + 1, 1<<63 - 1} {
		_, err := d.Claim(ctx, "k", "f", idempotency.Terms{Lease: wrong, Retention: retention})
		wantErr(d.T, "Claim", err, store.ErrInvalid)
		_, err = d.Claim(ctx, "k", "f", idempotency.Terms{Lease: lease, Retention: wrong})
		wantErr(d.T, "Claim", err, store.ErrInvalid)
	}
	wantMissing(d.T, d.Claimer, "k")
	c := d.claim("k", idempotency.Acquired)
	before := d.get("k")
	for _, wrong := range []time.Duration{0, -1, idempotency.MaxDuration + 1} {
		wantErr(d.T, "Extend", d.Extend(ctx, "k", c.Record.Token, wrong), store.ErrInvalid)
		wantErr(d.T, "Complete", d.Complete(ctx, "k", c.Record.Token, done(""), wrong), store.ErrInvalid)
	}
	wrong := idempotency.Outcome{Status: idempotency.StatusInProgress}
	wantErr(d.T, "Complete", d.Complete(ctx, "k", c.Record.Token, wrong, retention), store.ErrInvalid)
	wantSame(d.T, "the record", d.get("k"), before)

	d.claimOn("least", idempotency.Terms{Lease: 1, Retention: 1}, idempotency.Acquired)
	d.clock.Pass(2 * time.Millisecond)
	wantMissing(d.T, d.Claimer, "least")
	d.claimOn("most", idempotency.Terms{Lease: idempotency.MaxDuration, Retention: idempotency.MaxDuration}, idempotency.Acquired)
	d.clock.Pass(idempotency.MaxDuration - time.Hour)
	d.claim("most", idempotency.InProgress)
}

func missingIsNotHeld(d *desk) {
	for _, token := range []uint64{0, 1, 1<<64 - 1} {
		d.powerless("k", token)
		wantMissing(d.T, d.Claimer, "k")
	}
}

func doneContextClaims(d *desk) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := d.Claim(ctx, "k", "f", terms())
	wantErr(d.T, "Claim", err, context.Canceled)
	wantMissing(d.T, d.Claimer, "k")
	c := d.claim("k", idempotency.Acquired)
	before := d.get("k")
	wantErr(d.T, "Complete", d.Complete(ctx, "k", c.Record.Token, done(""), retention), context.Canceled)
	wantErr(d.T, "Release", d.Release(ctx, "k", c.Record.Token), context.Canceled)
	wantErr(d.T, "Extend", d.Extend(ctx, "k", c.Record.Token, time.Hour), context.Canceled)
	wantSame(d.T, "the record", d.get("k"), before)
}

func oneWins(d *desk) {
	for range 20 {
		token := race(d.T, "k", d.Claimer)
		wantErr(d.T, "Release", d.Release(context.Background(), "k", token), nil)
	}
}

func oneTakesOver(d *desk) {
	var zombies []uint64
	for range 20 {
		zombies = append(zombies, race(d.T, "k", d.Claimer))
		d.clock.Pass(lease)
	}
	last := zombies[len(zombies)-1]
	for _, zombie := range zombies[:len(zombies)-1] {
		err := d.Complete(context.Background(), "k", zombie, done("zombie"), retention)
		if !errors.Is(err, idempotency.ErrLeaseLost) || zombie >= last {
			d.Fatalf("Complete by token %d, of which %d is the last: %v", zombie, last, err)
		}
	}
	d.complete("k", last, "")
}
