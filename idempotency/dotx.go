package idempotency

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spcent/plumego/store"
)

// mostRounds is how often DoTx runs a function that others overtake.
const mostRounds = 1000

// DoTx runs fn under key and commits the changes that it returns, all of them
// in the engine that the store stands on, in one step with the record that they
// were made. So for the retention they are made exactly once, whatever dies at
// whatever moment; a key that was done before replays its response.
//
// fn reads from the same engine, and expects of each key that it changes the
// version that it has read (store.Change.If). If another was faster, with one
// of these keys or with the operation itself, all is looked at anew and fn is
// run again, if need be, so it must not have effects of its own: those that
// are not among its changes happen once for each run. It holds nothing while
// it runs, and two may run it at once, of which one commits. It must not change
// keys under the store's prefix: ErrInvalid.
//
// A final error of fn is stored, without its changes, and replayed as by Do.
// After any other error, or a panic, nothing is changed and the error is
// returned as it is, as is ErrTooLarge. An error of the engine's own may leave
// open whether all was done or nothing; calling again tells, and does not do it
// twice. store.ErrConflict says that fn was overtaken a thousand times, or
// expects what never is so.
//
// A key that Do holds is ErrInProgress, or waited for, or taken over when its
// lease is over, as by Do. Lease and KeepOnPanic mean nothing here.
//
// A run costs one read and one commit beside those of fn; a replay one read.
func DoTx(ctx context.Context, s *KVStore, key, fingerprint string, fn func(ctx context.Context) ([]byte, []store.Change, error), list ...Option) (Result, error) {
	opts, err := newOptions(list)
	if err == nil {
		err = validateFingerprint(fingerprint)
	}
	if err != nil {
		return Result{}, err
	}
	t := &transaction{operation{opts, key, fingerprint, s}, s, fn}
	for range mostRounds {
		result, overtaken, err := t.try(ctx)
		if !overtaken {
			return result, err
		}
	}
	return Result{}, errOvertaken
}

// transaction is one call of DoTx.
type transaction struct {
	operation
	s  *KVStore
	fn func(ctx context.Context) ([]byte, []store.Change, error)
}

// errOvertaken says that every commit has met what it did not expect.
var errOvertaken error = sentinel{"idempotency: overtaken by other writes", store.ErrConflict}

// try does the whole operation once, if nobody else has and nobody overtakes.
func (t *transaction) try(ctx context.Context) (result Result, overtaken bool, err error) {
	e, c, err := t.look(ctx)
	switch {
	case err != nil:
		return Result{}, false, err
	case c.State != Acquired:
		result, err = t.answer(c)
		return result, false, err
	}
	holder := Holder{Key: t.key, Fingerprint: t.fingerprint, TakenOver: c.Record.TakenOver}
	response, changes, err := t.fn(context.WithValue(ctx, holderKey{}, holder))
	o, told := outcomeOf(response, err)
	if !o.Status.final() {
		return Result{}, false, told
	}
	if told != nil {
		changes = nil
	}
	result = Result{Response: o.Response, TakenOver: holder.TakenOver}
	result.Token, err = t.commit(ctx, changes, entry{c.Record, e.version}, o)
	if err != nil {
		return Result{}, errors.Is(err, store.ErrConflict), err
	}
	return result, false, told
}

// look returns what is under the key, and what a claim of it would come to.
func (t *transaction) look(ctx context.Context) (e entry, c Claim, err error) {
	c, err = t.settle(ctx, func() (Claim, error) {
		if e, err = t.s.look(ctx, t.key); err != nil {
			return Claim{}, err
		}
		return judge(e, t.key, t.fingerprint, t.terms, t.s.now())
	})
	return e, c, err
}

// commit makes the changes and puts the outcome into the place of e.
func (t *transaction) commit(ctx context.Context, changes []store.Change, e entry, o Outcome) (token uint64, err error) {
	for _, c := range changes {
		if strings.HasPrefix(c.Key, t.s.prefix) {
			return 0, fmt.Errorf("%w: a change of a key under the store's prefix", ErrInvalid)
		}
	}
	if err := t.s.checkSize(o.Response); err != nil {
		return 0, err
	}
	e.record = ended(e.record, o, t.terms.Retention, t.s.now())
	e.record.LeaseUntil = time.Time{} // nothing was held
	versions, err := t.s.kv.Commit(ctx, slices.Concat(changes, []store.Change{t.s.change(e)})...)
	if err != nil {
		return 0, err
	}
	t.s.watches.wake(t.key)
	return versions[len(changes)], nil
}
