package idempotency

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spcent/plumego/store"
)

var _ Claimer = (*KVStore)(nil)

// Claim takes the key if it may be had. It costs one read, and one write if it
// may. Errors are ErrMismatch, ErrInvalidKey, ErrInvalid, ErrCorrupt and those
// of the engine; after one of the engine's own the key may be held by nobody
// until the lease is over.
//
// ErrLeaseLost says that lease and retention were over before the write was
// done.
func (s *KVStore) Claim(ctx context.Context, key, fingerprint string, t Terms) (Claim, error) {
	err := errors.Join(
		validateFingerprint(fingerprint),
		validateDuration("lease", t.Lease),
		validateDuration("retention", t.Retention),
	)
	if err != nil {
		return Claim{}, err
	}
	for {
		e, err := s.look(ctx, key)
		if err != nil {
			return Claim{}, err
		}
		// The time is read after the entry, so that it is not before the time
		// the entry was made at.
		c, err := judge(e, key, fingerprint, t, s.now())
		if err != nil || c.State != Acquired {
			return c, err
		}
		c.Record.Token, err = s.write(ctx, entry{c.Record, e.version})
		switch {
		case errors.Is(err, store.ErrConflict):
			continue
		case err != nil:
			return Claim{}, err
		case c.Record.Token == 0:
			return Claim{}, ErrLeaseLost
		}
		return c, nil
	}
}

// Complete stores the outcome, as Claimer says. It costs one read and one
// write. Errors are ErrLeaseLost, ErrInvalidKey, ErrInvalid, ErrTooLarge,
// ErrCorrupt and those of the engine, after which it may be done or not.
func (s *KVStore) Complete(ctx context.Context, key string, token uint64, o Outcome, retention time.Duration) error {
	if err := errors.Join(o.validate(), s.checkSize(o.Response), validateDuration("retention", retention)); err != nil {
		return err
	}
	return s.turn(ctx, key, token, func(r Record, now time.Time) (Record, error) {
		if r.Status.final() {
			return Record{}, o.already(r)
		}
		return ended(r, o, retention, now), nil
	})
}

// Release gives the key back, as Claimer says. It costs one read and one
// write. Errors are ErrLeaseLost, ErrInvalidKey, ErrCorrupt and those of the
// engine.
func (s *KVStore) Release(ctx context.Context, key string, token uint64) error {
	return s.turn(ctx, key, token, func(r Record, now time.Time) (Record, error) {
		switch {
		case r.Status.final():
			return Record{}, ErrLeaseLost
		case !r.TakenOver:
			return Record{}, nil
		}
		r.Token = 0 // nobody's
		return leased(r, now), nil
	})
}

// Extend moves the end of the lease, as Claimer says, also of one that is
// over. It costs one read and one write. Errors are ErrLeaseLost,
// ErrInvalidKey, ErrInvalid, ErrCorrupt and those of the engine.
func (s *KVStore) Extend(ctx context.Context, key string, token uint64, lease time.Duration) error {
	if err := validateDuration("lease", lease); err != nil {
		return err
	}
	return s.turn(ctx, key, token, func(r Record, now time.Time) (Record, error) {
		if r.Status.final() {
			return Record{}, ErrLeaseLost
		}
		return leased(r, later(r.LeaseUntil, now.Add(lease))), nil
	})
}

// errDone says that nothing is left to write.
var errDone = errors.New("idempotency: done already")

// turn lets next decide what becomes of the record that a token names, until
// its decision stands because nobody has changed the record meanwhile. A
// record without a status means that there shall be none.
func (s *KVStore) turn(ctx context.Context, key string, token uint64, next func(r Record, now time.Time) (Record, error)) error {
	for {
		e, err := s.look(ctx, key)
		if err != nil {
			return err
		}
		if !e.exists() || e.record.Token != token {
			return ErrLeaseLost
		}
		r, err := next(e.record, s.now())
		if err != nil {
			return unlessDone(err)
		}
		if r.Status == 0 {
			_, err = s.kv.Commit(ctx, store.Change{Key: s.prefix + key, Delete: true, If: e.version})
		} else {
			_, err = s.write(ctx, entry{r, e.version})
		}
		if errors.Is(err, store.ErrConflict) {
			continue
		}
		if err == nil {
			s.watches.wake(key)
		}
		return err
	}
}

func unlessDone(err error) error {
	if err == errDone {
		return nil
	}
	return err
}

// Watch returns a channel that is closed when this store changes what is under
// key, other than by a claim, and a function that must be called when it is not
// needed any more. Changes by other stores, and ends of leases, are not seen.
func (s *KVStore) Watch(key string) (changed <-chan struct{}, stop func()) {
	return s.watches.wait(key)
}

func (o Outcome) validate() error {
	if !o.Status.final() {
		return fmt.Errorf("%w: an outcome is completed or failed", ErrInvalid)
	}
	return ValidateRecord(Record{Status: o.Status, ErrCode: o.ErrCode, ErrText: o.ErrText})
}

// already returns errDone if r has ended with this very outcome, so that
// whoever could not know whether it was stored may store it again, and
// ErrLeaseLost if it has ended otherwise.
func (o Outcome) already(r Record) error {
	if o.Status == r.Status && o.ErrCode == r.ErrCode && o.ErrText == r.ErrText &&
		bytes.Equal(o.Response, r.Response) && (o.Response == nil) == (r.Response == nil) {
		return errDone
	}
	return ErrLeaseLost
}
