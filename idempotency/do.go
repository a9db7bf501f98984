package idempotency

import (
	"context"
	"fmt"
	"time"
)

// Result is what Do and DoTx return.
type Result struct {
	// Response is that of the operation, the caller's own.
	Response []byte
	// Replayed says that it was done before, by whoever had Token.
	Replayed bool
	Token    uint64
	// TakenOver says that an earlier holder of the key did not come back, so
	// that its effect may have happened too.
	TakenOver bool
}

// Do runs fn under key, or replays how an earlier run has ended. The store
// must be a Claimer: ErrClaimUnsupported.
//
// fn's context is cancelled, with the cause ErrLeaseLost, when somebody else
// may have the key; FromContext tells it its token and whether it takes over.
// How it returns decides:
//
//   - nil: its response is stored, and replayed for the retention.
//   - Final(code, err): so is this error, as a *StoredError.
//   - Unknown(err): the key is kept until the lease is over.
//   - any other error: nothing was done. The key is released, and whoever
//     comes next tries again. The error is returned as it is. That a context is
//     done says nothing about the effect of what it has interrupted, and is for
//     Unknown; AtMostOnce takes it for that anyway, and so does Do if it was
//     the lease that ended the context.
//
// A panic counts as an error, unless KeepOnPanic says otherwise, and goes on.
// What fn has done is stored even if ctx is done by then.
//
// Errors of its own: ErrMismatch if the key was used for another request, at
// any time; ErrInProgress, an *InProgressError, if somebody else holds it,
// together with that of ctx if it has waited for that; ErrOutcomeUnknown, see
// AtMostOnce. With ErrNotRecorded fn was run and its response is returned, but
// the outcome could not be stored, for the reason it wraps; with ErrLeaseLost
// too, but somebody else has the key. If by then the other has an outcome, that
// is what is returned. A response that the store or its engine does not take,
// such as ErrTooLarge, is ErrNotRecorded too, and what is stored instead is a
// failure with CodeTooLarge. ErrInvalidKey, ErrInvalid and
// the errors of the store before fn is run are returned as they are.
//
// A replay costs one read. A run costs a claim and a completion, each one read
// and one write, and one extension for each third of the lease.
func Do(ctx context.Context, s Store, key, fingerprint string, fn func(ctx context.Context) ([]byte, error), list ...Option) (Result, error) {
	store, ok := s.(Claimer)
	if !ok {
		return Result{}, ErrClaimUnsupported
	}
	opts, err := newOptions(list)
	if err != nil {
		return Result{}, err
	}
	o := &operation{opts, key, fingerprint, store}
	var h *hold
	c, err := o.settle(ctx, func() (c Claim, err error) {
		h, c, err = o.claim(ctx)
		return c, err
	})
	switch {
	case err != nil:
		return Result{}, err
	case c.State == Acquired:
		return h.run(fn)
	}
	return o.answer(c)
}

// operation is one call of Do or DoTx.
type operation struct {
	options
	key, fingerprint string
	store            Claimer
}

// How long one who waits sleeps between two looks, unless it is woken.
const (
	shortestPause = time.Millisecond
	firstPause    = 10 * time.Millisecond
	longestPause  = time.Second
)

// settle asks for the key, and again as long as somebody else holds it and it
// shall wait. Whatever it waits for, it is the store that decides: a key that
// seems free is asked for again. It watches before it asks, so that it misses
// no change.
func (o *operation) settle(ctx context.Context, ask func() (Claim, error)) (Claim, error) {
	var busy error // once it has waited
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		changed, stop := o.watch()
		c, err := ask()
		if err == nil && c.State == InProgress && o.wait {
			busy = &InProgressError{c.RetryAfter}
			err = sleep(ctx, changed, max(shortestPause, min(pause, c.RetryAfter)))
			if err == nil {
				stop()
				continue
			}
		}
		stop()
		if err != nil && busy != nil && ctx.Err() != nil {
			err = fmt.Errorf("%w: %w", busy, err)
		}
		return c, err
	}
}

// watch has the store tell of changes of the key, if it can.
func (o *operation) watch() (changed <-chan struct{}, stop func()) {
	s, ok := o.store.(interface {
		Watch(key string) (<-chan struct{}, func())
	})
	if !ok || !o.wait {
		return nil, func() {}
	}
	return s.Watch(o.key)
}

// sleep returns when the time is over or something has changed, and the
// context's error if it is done.
func sleep(ctx context.Context, changed <-chan struct{}, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-changed:
	case <-timer.C:
	}
	return nil
}

// claim asks for the key once.
func (o *operation) claim(ctx context.Context) (*hold, Claim, error) {
	h := o.prepare(ctx)
	c, err := o.store.Claim(ctx, o.key, o.fingerprint, o.terms)
	if err != nil || c.State != Acquired {
		h.drop()
		return nil, c, err
	}
	h.record = c.Record
	return h, c, nil
}

// answer returns what a claim that was not had says.
func (o *operation) answer(c Claim) (Result, error) {
	switch c.State {
	case Ended:
		return replay(c.Record)
	case InProgress:
		return Result{}, &InProgressError{c.RetryAfter}
	}
	return Result{}, ErrOutcomeUnknown
}

// replay returns what a record that has ended says.
func replay(r Record) (Result, error) {
	result := Result{Response: r.Response, Replayed: true, Token: r.Token, TakenOver: r.TakenOver}
	if r.Status == StatusFailed {
		return result, &StoredError{Code: r.ErrCode, Text: r.ErrText}
	}
	return result, nil
}

// run does the work under a lease, and says in the store how it went.
func (h *hold) run(fn func(ctx context.Context) ([]byte, error)) (Result, error) {
	defer h.drop()
	if err := h.ctx.Err(); err != nil {
		return Result{}, h.giveUp(err)
	}
	h.keepAlive()
	returned := false
	defer func() {
		if !returned {
			h.rest()
			h.vanish()
		}
	}()
	response, err := fn(context.WithValue(h.ctx, holderKey{}, Holder{h.key, h.fingerprint, h.record.Token, h.record.TakenOver}))
	returned = true
	h.rest()
	return h.finish(response, err)
}

// vanish is for a function that did not return.
func (h *hold) vanish() {
	if !h.keepOnPanic && !h.terms.AtMostOnce && !h.lost.Load() {
		_ = h.release() // the panic goes on; until the lease is over at worst
	}
}
