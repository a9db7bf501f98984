package idemtest

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/spcent/plumego/store/idempotency"
	"github.com/spcent/plumego/store/storetest"
)

// desk is a Claimer under test.
type desk struct {
	*testing.T
	idempotency.Claimer
	clock *storetest.Clock
}

const (
	lease     = 10 * time.Minute // also by a clock that nobody sets
	retention = time.Hour
)

func terms() idempotency.Terms {
	return idempotency.Terms{Lease: lease, Retention: retention}
}

func done(response string) idempotency.Outcome {
	return idempotency.Outcome{Status: idempotency.StatusCompleted, Response: []byte(response)}
}

// claim claims key for the request "f" and expects a state.
func (d *desk) claim(key string, want idempotency.State) idempotency.Claim {
	d.Helper()
	return d.claimOn(key, terms(), want)
}

func (d *desk) claimOn(key string, t idempotency.Terms, want idempotency.State) idempotency.Claim {
	d.Helper()
	c, err := d.Claim(context.Background(), key, "f", t)
	if err != nil {
		d.Fatalf("Claim: %v", err)
	}
	wantSame(d.T, "State", c.State, want)
	if c.Record.Key != key || c.Record.Fingerprint != "f" || c.Record.Token == 0 {
		d.Fatalf("Claim = %+v", c)
	}
	return c
}

func (d *desk) get(key string) idempotency.Record { return get(d.T, d.Claimer, key) }

func (d *desk) complete(key string, token uint64, response string) {
	d.Helper()
	wantErr(d.T, "Complete", d.Complete(context.Background(), key, token, done(response), retention), nil)
}

// powerless expects that a token can do nothing, and change nothing.
func (d *desk) powerless(key string, token uint64) {
	d.Helper()
	before, missing := d.Get(context.Background(), key)
	ctx := context.Background()
	wantErr(d.T, "Complete", d.Complete(ctx, key, token, done("zombie"), retention), idempotency.ErrLeaseLost)
	wantErr(d.T, "Release", d.Release(ctx, key, token), idempotency.ErrLeaseLost)
	wantErr(d.T, "Extend", d.Extend(ctx, key, token, time.Hour), idempotency.ErrLeaseLost)
	after, err := d.Get(ctx, key)
	wantErr(d.T, "Get", err, missing)
	wantSame(d.T, "the record", after, before)
}

// rivals is how many goroutines a case has.
const rivals = 16

// race lets rivals claim key at once and returns the one token that was had.
func race(t *testing.T, key string, claimers ...idempotency.Claimer) uint64 {
	t.Helper()
	var all sync.WaitGroup
	var wins, token atomic.Uint64
	for i := range rivals {
		all.Go(func() {
			c, err := claimers[i%len(claimers)].Claim(context.Background(), key, "f", terms())
			switch {
			case err != nil:
				t.Errorf("Claim: %v", err)
			case c.State == idempotency.Acquired:
				wins.Add(1)
				token.Store(c.Record.Token)
			case c.State != idempotency.InProgress:
				t.Errorf("State = %v", c.State)
			}
		})
	}
	all.Wait()
	if wins.Load() != 1 {
		t.Fatalf("%d of %d claims have won", wins.Load(), rivals)
	}
	return token.Load()
}
