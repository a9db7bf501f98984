package idempotency

import "context"

// Holder is what a function that Do runs can learn from its context.
type Holder struct {
	Key, Fingerprint string
	// Token is greater than that of any holder of the key before. 0 in DoTx,
	// which holds nothing.
	Token uint64
	// TakenOver says that an earlier holder did not come back, so that the
	// effect may have happened: look before doing it again.
	TakenOver bool
}

// holderKey is that of a Holder in a context.
type holderKey struct{}

// FromContext returns the holder on whose behalf a function runs.
func FromContext(ctx context.Context) (Holder, bool) {
	h, ok := ctx.Value(holderKey{}).(Holder)
	return h, ok
}

// DerivedKey returns an idempotency key for one step of the operation, such as
// a call of another service. It is the same for everyone who ever runs the
// operation for this key and fingerprint, and differs from step to step: 64
// hexadecimal digits that tell nothing about the key.
func (h Holder) DerivedKey(step string) string {
	return Fingerprint([]byte(h.Key), []byte(h.Fingerprint), []byte(step))
}
