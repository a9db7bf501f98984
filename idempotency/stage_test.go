package idempotency_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store"
	"github.com/spcent/plumego/store/idempotency"
	"github.com/spcent/plumego/store/kv"
	"github.com/spcent/plumego/store/storetest"
)

const (
	lease     = 30 * time.Second
	retention = time.Hour
)

// stage is an engine, something between it and its users that a test may put
// its hand into, and a store on that.
type stage struct {
	*testing.T
	engine *kv.KVStore
	*between
	idem *idempotency.KVStore
}

// play runs a test on a stage in a bubble, where time passes when all are
// waiting.
func play(t *testing.T, run func(t *testing.T, s *stage)) {
	synctest.Test(t, func(t *testing.T) { run(t, newStage(t, kv.Options{InMemory: true})) })
}

// playByHand runs a test on a stage whose time is moved by hand alone. Timers
// are those of a bubble that waits for ever.
func playByHand(t *testing.T, run func(t *testing.T, s *stage, clock *storetest.Clock)) {
	synctest.Test(t, func(t *testing.T) {
		c := storetest.NewClock()
		run(t, newStage(t, kv.Options{InMemory: true, Now: c.Now}), c)
	})
}

func newStage(t *testing.T, opts kv.Options) *stage {
	engine := open(t, opts)
	b := &between{KV: engine.KV(), Clock: engine.KV().(store.Clock)}
	idem, err := idempotency.NewKVStore(b, "idem:")
	require.NoError(t, err)
	return &stage{T: t, engine: engine, between: b, idem: idem}
}

// between passes everything on, unless a test says otherwise.
type between struct {
	store.KV
	store.Clock
	// onCommit, if any, is called instead of Commit, and may go on with it.
	onCommit atomic.Pointer[func(ctx context.Context, commit func() ([]uint64, error), changes []store.Change) ([]uint64, error)]
}

func (b *between) Commit(ctx context.Context, changes ...store.Change) ([]uint64, error) {
	commit := func() ([]uint64, error) { return b.KV.Commit(ctx, changes...) }
	if f := b.onCommit.Load(); f != nil {
		return (*f)(ctx, commit, changes)
	}
	return commit()
}

// fail has every commit fail, if it is to be done before or after it was made;
// nil lets them go on.
func (b *between) fail(err error, when moment) {
	if err == nil {
		b.onCommit.Store(nil)
		return
	}
	f := func(_ context.Context, commit func() ([]uint64, error), _ []store.Change) ([]uint64, error) {
		if when == after {
			if _, failed := commit(); failed != nil {
				return nil, failed
			}
		}
		return nil, err
	}
	b.onCommit.Store(&f)
}

type moment int

const (
	before moment = iota
	after
)

// do is Do for the request "f" with the lease and retention of the tests.
func (s *stage) do(ctx context.Context, key string, fn func(context.Context) ([]byte, error), list ...idempotency.Option) (idempotency.Result, error) {
	list = append([]idempotency.Option{idempotency.Lease(lease), idempotency.Retention(retention)}, list...)
	return idempotency.Do(ctx, s.idem, key, "f", fn, list...)
}

// returns is a function that returns.
func returns(response string, err error) func(context.Context) ([]byte, error) {
	return func(context.Context) ([]byte, error) { return []byte(response), err }
}

// never is a function that must not be run.
func (s *stage) never(context.Context) ([]byte, error) {
	s.Error("the function was run")
	return nil, nil
}

// vanish claims a key and does nothing more.
func (s *stage) vanish(key string) uint64 {
	s.Helper()
	c, err := s.idem.Claim(s.Context(), key, "f", idempotency.Terms{Lease: lease, Retention: retention})
	require.NoError(s, err)
	require.Equal(s, idempotency.Acquired, c.State)
	return c.Record.Token
}

// wantReplay expects that the key replays a response.
func (s *stage) wantReplay(key, response string) {
	s.Helper()
	r, err := s.do(context.Background(), key, s.never)
	require.NoError(s, err)
	require.True(s, r.Replayed)
	require.Equal(s, response, string(r.Response))
}

func (s *stage) wantInProgress(key string) {
	s.Helper()
	_, err := s.do(context.Background(), key, s.never)
	require.ErrorIs(s, err, idempotency.ErrInProgress)
}

// wantFree expects that the key has no record.
func (s *stage) wantFree(key string) {
	s.Helper()
	_, err := s.idem.Get(context.Background(), key)
	require.ErrorIs(s, err, idempotency.ErrNotFound)
}
