package db

import (
	"cmp"
	"context"
	"database/sql"
	"slices"

	"github.com/spcent/plumego/store"
)

// Commit makes all of the changes, or none. Errors are ErrInvalidKey,
// ErrSameKey, ErrValueTooLarge, ErrConflict, ErrClosed, ErrNoSchema, an *Error
// with nothing changed, and ErrCommitUnknown.
func (k *KV) Commit(ctx context.Context, changes ...store.Change) ([]uint64, error) {
	if err := checkChanges(changes); err != nil {
		return nil, err
	}
	if err := k.begin(ctx); err != nil {
		return nil, err
	}
	defer k.mu.RUnlock()
	versions := make([]uint64, len(changes))
	if len(changes) == 0 {
		return versions, nil
	}
	err := k.patience().retry(ctx, func() error {
		return k.atomically(ctx, func(ctx context.Context, tx *sql.Tx) error {
			return k.commit(ctx, tx, changes, versions)
		})
	})
	if err != nil {
		return nil, err
	}
	return versions, nil
}

func checkChanges(changes []store.Change) error {
	seen := make(map[string]bool, len(changes))
	for _, c := range changes {
		if err := checkKey(c.Key); err != nil {
			return err
		}
		if seen[c.Key] {
			return ErrSameKey
		}
		seen[c.Key] = true
		if !c.Delete && len(c.Value) > MaxValueSize {
			return ErrValueTooLarge
		}
	}
	return nil
}

// atomically calls fn in a transaction that ctx can end until the commit is
// asked for, and not from then on: a context is no reason not to know.
func (k *KV) atomically(ctx context.Context, fn func(ctx context.Context, tx *sql.Tx) error) error {
	inner, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	defer cancel(nil)
	stop := context.AfterFunc(ctx, func() { cancel(context.Cause(ctx)) })
	defer stop()
	err := WithTransaction(inner, k.db, k.say.tx, func(tx *sql.Tx) error {
		if err := fn(inner, tx); err != nil {
			return err
		}
		if !stop() {
			<-inner.Done() // which WithTransaction sees
		}
		return nil
	})
	if err != nil && inner.Err() != nil {
		return failed(ctx, "commit", ErrTransactionFailed, ctx.Err())
	}
	return err
}

// patience is how a KV tries again what was undone for another's sake.
func (k *KV) patience() RetryPolicy {
	return RetryPolicy{MaxAttempts: 30, Retryable: func(err error) bool {
		return Retryable(err) || k.dialect == SQLite && isBusy(err) || k.dialect == PostgreSQL && isTwin(err)
	}}
}

// isBusy reports whether SQLite was busy with another.
func isBusy(err error) bool {
	const busy, locked = 5, 6
	primary := sqliteCode(err) & 0xff
	return primary == busy || primary == locked
}

// isTwin reports whether two have created the same row, table or type at once,
// which IF NOT EXISTS does not cover.
func isTwin(err error) bool {
	state := SQLState(err)
	return state == "23505" || state == "42P07" || state == "42710"
}

// commit makes changes, with their lanes locked first: then what is expected
// is judged in the same step as the changes are made.
func (k *KV) commit(ctx context.Context, tx *sql.Tx, changes []store.Change, versions []uint64) error {
	if err := k.claimVersions(ctx, tx, changes, versions); err != nil {
		return err
	}
	var now int64
	var err error
	if slices.ContainsFunc(changes, needsTime) {
		if now, err = k.now(ctx, tx); err != nil {
			return err
		}
	}
	if err := k.expect(ctx, tx, changes, now); err != nil {
		return err
	}
	var puts []row
	var deletes []any
	for i, c := range changes {
		deadline := millis(c.Deadline)
		if c.Delete || deadline <= now {
			deletes, versions[i] = append(deletes, []byte(c.Key)), 0
			continue
		}
		puts = append(puts, row{[]byte(c.Key), c.Value, int64(versions[i]), deadline})
	}
	if err := k.delete(ctx, tx, deletes); err != nil {
		return err
	}
	return k.put(ctx, tx, puts)
}

// needsTime reports whether it depends on the time what a change does.
func needsTime(c store.Change) bool {
	return c.If != 0 || !c.Delete && !c.Deadline.IsZero()
}

// A statement has so many rows at most, and so many bytes of values, or one
// row.
const (
	batchRows  = 64
	batchBytes = 1 << 20
)

// expect returns ErrConflict unless all is as the changes expect.
func (k *KV) expect(ctx context.Context, tx *sql.Tx, changes []store.Change, now int64) error {
	want := map[string]uint64{}
	var keys []any
	for _, c := range changes {
		if c.If != 0 {
			want[c.Key] = c.If
			keys = append(keys, []byte(c.Key))
		}
	}
	for some := range slices.Chunk(keys, batchRows) {
		args := append([]any{now}, some...)
		for found, err := range Rows[struct {
			K       []byte
			Version int64
		}](ctx, tx, k.write(k.say.expect+list(1, len(some))), args...) {
			if err != nil {
				return err
			}
			if want[string(found.K)] != uint64(found.Version) {
				return ErrConflict
			}
			delete(want, string(found.K))
		}
	}
	for _, missing := range want {
		if missing != store.Absent {
			return ErrConflict
		}
	}
	return nil
}

func (k *KV) delete(ctx context.Context, tx *sql.Tx, keys []any) error {
	for some := range slices.Chunk(keys, batchRows) {
		if _, err := ExecContext(ctx, tx, k.write(k.say.delete+list(1, len(some))), some...); err != nil {
			return err
		}
	}
	return nil
}

// put writes rows, in the order of keys, so that two who write the same lock
// them in the same order.
func (k *KV) put(ctx context.Context, tx *sql.Tx, rows []row) error {
	slices.SortFunc(rows, func(a, b row) int { return cmp.Compare(string(a.K), string(b.K)) })
	for len(rows) > 0 {
		n, bytes := 0, 0
		var args []any
		for n < len(rows) && n < batchRows && (n == 0 || bytes+len(rows[n].V) <= batchBytes) {
			r := rows[n]
			args = append(args, r.K, notNil(r.V), r.Version, r.Deadline)
			bytes += len(r.V)
			n++
		}
		if _, err := ExecContext(ctx, tx, k.write(k.say.insert+list(n, 4)+k.say.upsert), args...); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

// notNil returns an empty value for nil, which would be NULL.
func notNil(value []byte) []byte {
	if value == nil {
		return []byte{}
	}
	return value
}
