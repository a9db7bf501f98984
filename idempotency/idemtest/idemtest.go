// Package idemtest holds an implementation of idempotency.Store, and of
// Claimer if it is one, to its contract:
//
//	func TestStore(t *testing.T) {
//		idemtest.Run(t, func(t *testing.T, now func() time.Time) idempotency.Store {
//			return newMyStore(t, now)
//		})
//	}
//
// Run sets the time. RunShared does not, and has two stores look at the same
// records, for engines whose time is a server's and that several processes
// share. RunKV does for an engine what Run does for a store; Storm and StormTx
// are what several processes may do at once.
package idemtest

import (
	"context"
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/spcent/plumego/store/idempotency"
	"github.com/spcent/plumego/store/storetest"
)

// Run runs the whole contract, that of Claimer too if the store is one. open
// returns a store without records that judges leases and expiries by now,
// which may be called from any goroutine; it is called once per case.
func Run(t *testing.T, open func(t *testing.T, now func() time.Time) idempotency.Store) {
	for name, run := range storeCases() {
		t.Run(name, func(t *testing.T) {
			clock := storetest.NewClock()
			run(&bench{T: t, Store: open(t, clock.Now), clock: clock})
		})
	}
	for name, run := range claimCases() {
		t.Run(name, func(t *testing.T) {
			clock := storetest.NewClock()
			c, ok := open(t, clock.Now).(idempotency.Claimer)
			if !ok {
				t.Skip("the store is no Claimer")
			}
			run(&desk{T: t, Claimer: c, clock: clock})
		})
	}
}

// bench is a Store under test.
type bench struct {
	*testing.T
	idempotency.Store
	clock *storetest.Clock
}

func (b *bench) set(key string, r idempotency.Record) {
	b.Helper()
	if err := b.Set(context.Background(), key, r); err != nil {
		b.Fatalf("Set: %v", err)
	}
}

func (b *bench) get(key string) idempotency.Record { return get(b.T, b.Store, key) }

func (b *bench) wantMissing(key string) { wantMissing(b.T, b.Store, key) }

// refuse sets a record, which must fail, and leave no record.
func (b *bench) refuse(want error, key string, r idempotency.Record) {
	b.Helper()
	wantErr(b.T, "Set", b.Set(context.Background(), key, r), want)
}

func get(t *testing.T, s idempotency.Store, key string) idempotency.Record {
	t.Helper()
	r, err := s.Get(context.Background(), key)
	if err != nil {
		t.Fatalf("Get(%q): %v", key, err)
	}
	return r
}

func wantMissing(t *testing.T, s idempotency.Store, key string) {
	t.Helper()
	if r, err := s.Get(context.Background(), key); !errors.Is(err, idempotency.ErrNotFound) {
		t.Fatalf("Get(%q) = %+v, %v; want ErrNotFound", key, r, err)
	}
}

func wantErr(t *testing.T, deed string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) || (want == nil) != (got == nil) {
		t.Fatalf("%s: error %v, want %v", deed, got, want)
	}
}

func wantSame[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("%s: %+v, want %+v", what, got, want)
	}
}

// wantTime compares times as moments.
func wantTime(t *testing.T, what string, got, want time.Time) {
	t.Helper()
	if !got.Equal(want) {
		t.Fatalf("%s: %v, want %v", what, got, want)
	}
}
