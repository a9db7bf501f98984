package idemtest

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/spcent/plumego/store/idempotency"
)

// RunShared holds two stores that look at the same records to the contract of
// one, as far as it can be seen without setting the time. open is called once
// per case, and neither store may have records then. It takes a second or two,
// which is what a lease takes to end by itself.
func RunShared(t *testing.T, open func(t *testing.T) (a, b idempotency.Claimer)) {
	for name, run := range map[string]func(t *testing.T, a, b idempotency.Claimer){
		"what one does the other sees":               otherSees,
		"of many claims of both one wins":            oneOfBothWins,
		"one waits for the outcome of the other":     waitsForOther,
		"one takes over when the other vanishes":     takesOverFromOther,
		"what one has stored expires for both":       expiresForBoth,
		"in a storm of both each effect is had once": stormOfBoth,
	} {
		t.Run(name, func(t *testing.T) {
			a, b := open(t)
			run(t, a, b)
		})
	}
}

func claimOf(t *testing.T, s idempotency.Claimer, terms idempotency.Terms, want idempotency.State) idempotency.Record {
	t.Helper()
	c, err := s.Claim(context.Background(), "k", "f", terms)
	if err != nil {
		t.Fatalf("Claim: %v", err)
	}
	wantSame(t, "State", c.State, want)
	return c.Record
}

func otherSees(t *testing.T, a, b idempotency.Claimer) {
	ctx := context.Background()
	wantMissing(t, b, "k")
	first := claimOf(t, a, terms(), idempotency.Acquired)
	wantSame(t, "Token", claimOf(t, b, terms(), idempotency.InProgress).Token, first.Token)
	_, err := b.Claim(ctx, "k", "g", terms())
	wantErr(t, "Claim", err, idempotency.ErrMismatch)
	wantErr(t, "Extend", b.Extend(ctx, "k", first.Token, time.Hour), nil)
	wantErr(t, "Release", b.Release(ctx, "k", first.Token), nil)
	wantErr(t, "Release", a.Release(ctx, "k", first.Token), idempotency.ErrLeaseLost)
	second := claimOf(t, b, terms(), idempotency.Acquired)
	if second.Token <= first.Token {
		t.Fatalf("token %d comes after %d", second.Token, first.Token)
	}
	wantErr(t, "Complete", a.Complete(ctx, "k", first.Token, done("zombie"), retention), idempotency.ErrLeaseLost)
	wantErr(t, "Complete", b.Complete(ctx, "k", second.Token, done("b"), retention), nil)
	wantSame(t, "Response", string(claimOf(t, a, terms(), idempotency.Ended).Response), "b")
	wantSame(t, "the record", get(t, a, "k"), get(t, b, "k"))
}

func oneOfBothWins(t *testing.T, a, b idempotency.Claimer) {
	for range 10 {
		token := race(t, "k", a, b)
		wantErr(t, "Release", b.Release(context.Background(), "k", token), nil)
	}
}

func waitsForOther(t *testing.T, a, b idempotency.Claimer) {
	first := claimOf(t, a, terms(), idempotency.Acquired)
	answers := make(chan string)
	for _, s := range []idempotency.Claimer{a, b} {
		go func() {
			r, err := idempotency.Do(context.Background(), s, "k", "f", func(context.Context) ([]byte, error) {
				return nil, errors.New("it was run")
			}, idempotency.Wait())
			if err != nil {
				r.Response = []byte(err.Error())
			}
			answers <- string(r.Response)
		}()
	}
	wantErr(t, "Complete", a.Complete(context.Background(), "k", first.Token, done("a"), retention), nil)
	for range 2 {
		wantSame(t, "Response", <-answers, "a")
	}
}

func takesOverFromOther(t *testing.T, a, b idempotency.Claimer) {
	short := idempotency.Terms{Lease: 200 * time.Millisecond, Retention: retention}
	zombie := claimOf(t, a, short, idempotency.Acquired)
	r, err := idempotency.Do(context.Background(), b, "k", "f", func(ctx context.Context) ([]byte, error) {
		h, _ := idempotency.FromContext(ctx)
		if !h.TakenOver || h.Token <= zombie.Token {
			t.Errorf("holder %+v after token %d", h, zombie.Token)
		}
		return []byte("b"), nil
	}, idempotency.Wait())
	wantErr(t, "Do", err, nil)
	wantSame(t, "TakenOver", r.TakenOver, true)
	wantErr(t, "Complete", a.Complete(context.Background(), "k", zombie.Token, done("zombie"), retention), idempotency.ErrLeaseLost)
	wantSame(t, "Response", string(get(t, a, "k").Response), "b")
}

func expiresForBoth(t *testing.T, a, b idempotency.Claimer) {
	c := claimOf(t, a, terms(), idempotency.Acquired)
	wantErr(t, "Complete", a.Complete(context.Background(), "k", c.Token, done("a"), 200*time.Millisecond), nil)
	for range time.Tick(10 * time.Millisecond) {
		again, err := b.Claim(context.Background(), "k", "f", terms())
		wantErr(t, "Claim", err, nil)
		if again.State == idempotency.Ended {
			continue
		}
		wantSame(t, "State", again.State, idempotency.Acquired)
		wantSame(t, "TakenOver", again.Record.TakenOver, false)
		break
	}
	claimOf(t, a, terms(), idempotency.InProgress)
}

func stormOfBoth(t *testing.T, a, b idempotency.Claimer) {
	const keys = 50
	var effects [keys]atomic.Int64
	over := make(chan error)
	for _, s := range []idempotency.Claimer{a, b} {
		go func() {
			over <- Storm(context.Background(), s, rivals/2, keys, func(_ context.Context, key int) error {
				effects[key].Add(1)
				return nil
			})
		}()
	}
	for range 2 {
		wantErr(t, "Storm", <-over, nil)
	}
	for key := range effects {
		wantSame(t, "effects", effects[key].Load(), 1)
	}
}
