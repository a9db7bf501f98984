package idempotency_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"strconv"
	"time"

	"github.com/spcent/plumego/store"
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

// DoTx commits the effect and the record of it in one step, so that money is
// moved exactly once.
func ExampleDoTx() {
	engine, err := kv.NewKVStore(kv.Options{InMemory: true})
	if err != nil {
		log.Fatal(err)
	}
	defer engine.Close()
	accounts := engine.KV()
	idem, err := idempotency.NewKVStore(accounts, "transfers:")
	if err != nil {
		log.Fatal(err)
	}

	ctx := context.Background()
	_, err = accounts.Commit(ctx,
		store.Change{Key: "account:alice", Value: []byte("100")},
		store.Change{Key: "account:bob", Value: []byte("0")})
	if err != nil {
		log.Fatal(err)
	}
	// add returns the change that moves an account by so much.
	add := func(account string, amount int) (store.Change, error) {
		item, err := accounts.Get(ctx, account)
		if err != nil {
			return store.Change{}, err
		}
		balance, err := strconv.Atoi(string(item.Value))
		if balance += amount; balance < 0 {
			err = idempotency.Final("no_money", errors.New("not enough money"))
		}
		return store.Change{Key: account, Value: strconv.AppendInt(nil, int64(balance), 10), If: item.Version}, err
	}
	transfer := func(key string, amount int) {
		result, err := idempotency.DoTx(ctx, idem, key, strconv.Itoa(amount),
			func(context.Context) ([]byte, []store.Change, error) {
				from, err := add("account:alice", -amount)
				if err != nil {
					return nil, nil, err
				}
				to, err := add("account:bob", amount)
				return []byte("moved"), []store.Change{from, to}, err
			})
		alice, _ := engine.Get("account:alice")
		bob, _ := engine.Get("account:bob")
		fmt.Printf("%s alice has %s, bob %s; replayed: %v, %v\n", result.Response, alice, bob, result.Replayed, err)
	}
	transfer("1", 70)
	transfer("1", 70)
	transfer("2", 70)
	transfer("2", 70)
	// Output:
	// moved alice has 30, bob 70; replayed: false, <nil>
	// moved alice has 30, bob 70; replayed: true, <nil>
	//  alice has 30, bob 70; replayed: false, not enough money
	//  alice has 30, bob 70; replayed: true, not enough money
}
