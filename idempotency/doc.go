// Package idempotency remembers how an operation has ended, under a key that
// the client chose, so that a request that comes again is answered and not
// done again.
//
//	idem, err := idempotency.NewKVStore(engine.KV(), "payments:")
//	if err != nil { ... }
//	rec, err := idem.Get(ctx, key)
//	if err == nil && rec.Status == idempotency.StatusCompleted {
//		return rec.Response, nil
//	}
//
// # Claims
//
// Get and Set alone let two callers who both find nothing work at once. A
// Claimer gives a key to one of them: a claim holds for a lease, is extended
// while the work goes on, and ends with an outcome, which is kept for a
// retention, or with a release, after which anybody may try again. A holder
// that does not come back loses the key when its lease is over, and whoever
// takes over is told.
//
// Each claim has a token. It is the version that the engine gives to its
// record, so it is greater than any token the key had before. Every later step
// names its token and is judged in the same step in which it is made, so a
// holder that was given up for dead can neither store its outcome over
// another's nor release another's claim. A downstream that remembers the
// greatest token it has seen can refuse the dead man's requests too.
//
// # What it rests on
//
// KVStore keeps records in any store.KV and its promises are the engine's: on
// a handle of package kv that syncs always, a claim is on stable storage before
// Claim returns, and an outcome before Complete does. On one that does not, a
// power cut may take back a claim, and its token may be given again. An engine
// in memory will do for what need not outlive the process.
//
// Leases are judged by the engine's time, expiries by the engine itself.
package idempotency
