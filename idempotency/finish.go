package idempotency

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spcent/plumego/store"
)

// finishTimeout bounds what is left to do in the store when a function has
// returned: nobody else's time does.
const finishTimeout = 5 * time.Second

// finish says in the store how a function has returned.
func (h *hold) finish(response []byte, err error) (Result, error) {
	result := Result{Response: response, Token: h.record.Token, TakenOver: h.record.TakenOver}
	o, told := outcomeOf(response, err)
	switch {
	case o.Status.final():
		return h.complete(result, o, told)
	case isUnknown(err) || h.lost.Load():
		return result, h.undone(err)
	case h.terms.AtMostOnce && isInterruption(err):
		return result, Unknown(err)
	}
	return result, h.giveUp(err)
}

// isInterruption reports whether err comes of a context that is done, so that
// it says nothing about what was under way.
func isInterruption(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// complete stores the outcome. told is what the caller is told if that works.
func (h *hold) complete(result Result, o Outcome, told error) (Result, error) {
	ctx, cancel := h.finishing()
	defer cancel()
	err := h.store.Complete(ctx, h.key, h.record.Token, o, h.terms.Retention)
	if errors.Is(err, store.ErrInvalid) { // the response, of all that there is
		err = errors.Join(err, h.store.Complete(ctx, h.key, h.record.Token, tooLarge(), h.terms.Retention))
	}
	switch {
	case err == nil:
		return result, told
	case errors.Is(err, ErrLeaseLost):
		return h.concede(ctx, result, told)
	case told != nil:
		err = fmt.Errorf("%w: %w", err, told)
	}
	return result, fmt.Errorf("%w: %w", ErrNotRecorded, err)
}

// concede returns the outcome that somebody else has stored meanwhile, or else
// what this function has returned, and ErrLeaseLost.
func (h *hold) concede(ctx context.Context, result Result, told error) (Result, error) {
	r, err := h.store.Get(ctx, h.key)
	switch {
	case err == nil && r.Status.final() && r.Fingerprint == h.fingerprint:
		return replay(r)
	case told != nil:
		return result, fmt.Errorf("%w: %w", ErrLeaseLost, told)
	}
	return result, ErrLeaseLost
}

// giveUp releases the key because of an error, and returns that.
func (h *hold) giveUp(err error) error {
	err = h.undone(err)
	if failed := h.release(); failed != nil {
		return errors.Join(err, failed)
	}
	return err
}

// undone is what to say of an error with which the operation has not ended.
func (h *hold) undone(err error) error {
	if h.lost.Load() {
		return fmt.Errorf("%w: %w", ErrLeaseLost, err)
	}
	return err
}

// release gives the key back. That somebody else has it by now is no error.
func (h *hold) release() error {
	ctx, cancel := h.finishing()
	defer cancel()
	err := h.store.Release(ctx, h.key, h.record.Token)
	if err == nil || errors.Is(err, ErrLeaseLost) {
		return nil
	}
	return fmt.Errorf("idempotency: not released: %w", err)
}

// finishing is the context of what must be done whether or not the caller's
// is done.
func (h *hold) finishing() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(h.ctx), finishTimeout)
}
