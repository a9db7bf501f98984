package store_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/spcent/plumego/store"
	"github.com/spcent/plumego/store/kv"
)

type User struct {
	Name string
}

// A repository of users over the engine. The code that uses it knows only
// this package: an error's kind is enough to choose an answer.
func ExampleRepository() {
	s, err := kv.NewKVStore(kv.Options{InMemory: true})
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()

	ctx := context.Background()
	var repo store.Repository[User] = kv.NewRepository[User](s, "user:")
	for id, name := range map[string]string{"7": "alice", "8": "bob"} {
		if err := repo.Put(ctx, id, User{Name: name}); err != nil {
			log.Fatal(err)
		}
	}

	for user, err := range repo.List(ctx) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(user.ID, user.Value.Name)
	}
	_, err = repo.Get(ctx, "9")
	fmt.Println("not found:", errors.Is(err, store.ErrNotFound))
	// Output:
	// 7 alice
	// 8 bob
	// not found: true
}
