package idempotency

import (
	"context"
	"errors"
	"sync/atomic"
	"time"
)

// hold is a lease and the work under it. No clock is read: a timer that was
// set before the lease began to run ends the work before the lease is over for
// others, whatever the store takes to answer, or if it does not answer at all.
type hold struct {
	*operation
	record Record

	ctx    context.Context // of the work
	cancel context.CancelCauseFunc
	lost   atomic.Bool // the lease, not the caller's patience, has ended the work

	end   *time.Timer   // of the lease; the heartbeat's own while that runs
	rest  func()        // has the heartbeat end
	quiet chan struct{} // closed when it has; nil if there is none
}

// prepare returns a hold whose lease runs from now on.
func (o *operation) prepare(ctx context.Context) *hold {
	h := &hold{operation: o}
	h.ctx, h.cancel = context.WithCancelCause(ctx)
	h.end = h.countdown()
	return h
}

func (h *hold) countdown() *time.Timer { return time.AfterFunc(h.terms.Lease, h.lose) }

// lose tells the work that it is no more alone.
func (h *hold) lose() {
	h.lost.Store(true)
	h.cancel(ErrLeaseLost)
}

// drop lets go of what a hold has in this process, and waits for its end.
func (h *hold) drop() {
	if h.quiet != nil {
		h.rest()
		<-h.quiet
	}
	h.end.Stop()
	h.cancel(nil)
}

// keepAlive extends the lease again and again until rest is called. An
// extension that is under way then does no harm to what comes after it, which
// need not wait for it: the store judges each step.
func (h *hold) keepAlive() {
	ctx, cancel := context.WithCancel(context.WithoutCancel(h.ctx))
	h.rest, h.quiet = cancel, make(chan struct{})
	go func() {
		defer close(h.quiet)
		h.beat(ctx)
	}()
}

func (h *hold) beat(ctx context.Context) {
	ticker := time.NewTicker(max(h.terms.Lease/3, 1))
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if errors.Is(h.extend(ctx), ErrLeaseLost) && ctx.Err() == nil {
			h.lose()
			return
		}
	}
}

// extend moves the end of the lease, here and in the store. After an error the
// end is where it was.
func (h *hold) extend(ctx context.Context) error {
	end := h.countdown()
	err := h.store.Extend(ctx, h.key, h.record.Token, h.terms.Lease)
	if err != nil {
		end.Stop()
		return err
	}
	h.end.Stop()
	h.end = end
	return nil
}
