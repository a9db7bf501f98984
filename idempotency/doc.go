// Package idempotency remembers how an operation has ended, under a key that
// the client chose, so that a request that comes again is answered and not
// done again.
//
//	idem, err := idempotency.NewKVStore(engine.KV(), "payments:")
//	if err != nil { ... }
//	key := idempotency.JoinKey(tenant, "POST /orders", r.Header.Get("Idempotency-Key"))
//	result, err := idempotency.Do(ctx, idem, key, idempotency.Fingerprint(body),
//		func(ctx context.Context) ([]byte, error) {
//			return doExpensiveOperation(ctx, req)
//		})
//
// # How often the effect happens
//
// "Exactly once" is said of many things that do it once if nothing goes wrong.
// This is what each form promises if something does:
//
//   - Get and Set let two callers who both find nothing work at once. They are
//     for replaying.
//   - Do has one holder of a key at a time and one stored outcome. If a holder
//     dies, or cannot reach the store, between the effect and storing its
//     outcome, the next one does not know: it is told that it takes over, and
//     runs the function again. So the effect happens at least once.
//   - Do with AtMostOnce never runs it again then. So the effect happens at
//     most once, and whether it has is for a person to find out.
//   - DoTx is for effects in the engine that the records are in: they are
//     committed in one step with the record that they were made. So they happen
//     exactly once, literally, whatever dies at whatever moment. It is the form
//     to prefer where the effect allows it.
//
// For effects in another system there is help: a Holder has a DerivedKey, the
// same for whoever runs the operation again, for a system that knows
// idempotency keys too, and a Token, for one that can refuse what is older than
// it has seen. The first makes the effect happen once; the second keeps a
// holder that was given up for dead from coming in after another.
//
// A lease is a guess about the dead. A holder that was only slow, or whose
// machine was, may be at work while another takes over; its context is
// cancelled by then, and its outcome is refused, but what it has begun is
// begun.
//
// All of it holds for the retention, after which a key is as good as new:
// choose one that is longer than clients go on trying.
//
// # Claims
//
// Do stands on a Claimer, which may be used by hand too. A claim holds for a
// lease, is extended while the work goes on, and ends with an outcome, which
// is kept for a retention, or with a release, after which anybody may try
// again. A holder that does not come back loses the key when its lease is over,
// and whoever takes over is told.
//
// Each claim has a token. It is the version that the engine gives to its
// record, so it is greater than any token the key had before. Every later step
// names its token and is judged in the same step in which it is made, so a
// holder that was given up for dead can neither store its outcome over
// another's nor release another's claim.
//
// # What it rests on
//
// KVStore keeps records in any store.KV and its promises are the engine's: on
// a handle of package kv that syncs always, a claim is on stable storage before
// Claim returns, and an outcome before Complete does. On one that does not, a
// power cut may take back a claim, and its token may be given again. An engine
// in memory will do for what need not outlive the process. Tokens are of one
// engine: one that was restored from a backup, or another one to which the
// records were moved, may give smaller ones.
//
// Leases are judged by the engine's time, expiries by the engine itself. Keys,
// responses and the texts of Final errors are stored as they are; neither this
// package's own errors nor their texts contain any of them.
package idempotency
