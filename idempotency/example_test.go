package idempotency_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/spcent/plumego/store/idempotency"
	"github.com/spcent/plumego/store/kv"
)

// The least: whoever finds an outcome replays it. Two requests that come at
// once may both find none, which is what claims are for.
func Example() {
	engine, err := kv.NewKVStore(kv.Options{InMemory: true})
	if err != nil {
		log.Fatal(err)
	}
	defer engine.Close()
	var idem idempotency.Store
	idem, err = idempotency.NewKVStore(engine.KV(), "orders:")
	if err != nil {
		log.Fatal(err)
	}

	doExpensiveOperation := func(_ context.Context, req string) ([]byte, error) {
		fmt.Println("working on", req)
		return []byte(`{"order":7}`), nil
	}
	handle := func(ctx context.Context, idempotencyKey, req string) ([]byte, error) {
		rec, err := idem.Get(ctx, idempotencyKey)
		if err == nil && rec.Status == idempotency.StatusCompleted {
			// replay the stored response
			return rec.Response, nil
		}
		// Process the operation
		result, err := doExpensiveOperation(ctx, req)
		if err != nil {
			return nil, err
		}
		err = idem.Set(ctx, idempotencyKey, idempotency.Record{
			Status:   idempotency.StatusCompleted,
			Response: result,
		})
		return result, err
	}

	for range 2 {
		response, err := handle(context.Background(), "8e03978e-40d5", "one book")
		fmt.Println(string(response), err)
	}
	// Output:
	// working on one book
	// {"order":7} <nil>
	// {"order":7} <nil>
}

// A claim by hand: a key has one holder at a time, and a token that is not the
// holder's any more can do nothing.
func ExampleClaimer() {
	engine, err := kv.NewKVStore(kv.Options{InMemory: true})
	if err != nil {
		log.Fatal(err)
	}
	defer engine.Close()
	idem, err := idempotency.NewKVStore(engine.KV(), "orders:")
	if err != nil {
		log.Fatal(err)
	}

	ctx := context.Background()
	terms := idempotency.Terms{Lease: 30 * time.Second, Retention: 24 * time.Hour}
	mine, _ := idem.Claim(ctx, "8e03978e-40d5", "one book", terms)
	other, _ := idem.Claim(ctx, "8e03978e-40d5", "one book", terms)
	_, err = idem.Claim(ctx, "8e03978e-40d5", "two books", terms)
	fmt.Println(mine.State, "/", other.State, "/", err)

	outcome := idempotency.Outcome{Status: idempotency.StatusCompleted, Response: []byte("order 7")}
	fmt.Println(idem.Complete(ctx, "8e03978e-40d5", mine.Record.Token, outcome, 24*time.Hour))
	err = idem.Release(ctx, "8e03978e-40d5", mine.Record.Token)
	fmt.Println(errors.Is(err, idempotency.ErrLeaseLost))

	again, _ := idem.Claim(ctx, "8e03978e-40d5", "one book", terms)
	fmt.Println(again.State, string(again.Record.Response))
	// Output:
	// acquired / in progress / idempotency: the key belongs to another request
	// <nil>
	// true
	// ended order 7
}

// Do gives the key to one caller, keeps it while the work goes on, stores how
// it ended, and replays that.
func ExampleDo() {
	engine, err := kv.NewKVStore(kv.Options{InMemory: true})
	if err != nil {
		log.Fatal(err)
	}
	defer engine.Close()
	idem, err := idempotency.NewKVStore(engine.KV(), "payments:")
	if err != nil {
		log.Fatal(err)
	}

	pay := func(key, card string) {
		body := []byte(card)
		result, err := idempotency.Do(context.Background(), idem, key, idempotency.Fingerprint(body),
			func(ctx context.Context) ([]byte, error) {
				holder, _ := idempotency.FromContext(ctx)
				fmt.Println("charging", card, len(holder.DerivedKey("charge")))
				if card == "expired" {
					return nil, idempotency.Final("card_expired", errors.New("the card has expired"))
				}
				return []byte("receipt 7"), nil
			})
		var failed *idempotency.StoredError
		switch {
		case errors.As(err, &failed):
			fmt.Println("failed:", failed.Code)
		case err != nil:
			fmt.Println(err)
		default:
			fmt.Printf("%s, replayed: %v\n", result.Response, result.Replayed)
		}
	}
	pay("1", "good")
	pay("1", "good")
	pay("1", "expired")
	pay("2", "expired")
	pay("2", "expired")
	// Output:
	// charging good 64
	// receipt 7, replayed: false
	// receipt 7, replayed: true
	// idempotency: the key belongs to another request
	// charging expired 64
	// failed: card_expired
	// failed: card_expired
}
