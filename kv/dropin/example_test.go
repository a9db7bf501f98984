package dropin_test

import (
	"fmt"
	"log"
	"time"

	"github.com/spcent/plumego/store/kv"
	"github.com/spcent/plumego/store/kv/dropin"
)

// Two middlewares and the application share a store. Session data is durable,
// limits are fast.
func Example() {
	store, err := kv.NewKVStore(kv.Options{InMemory: true}) // applications: DataDir
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
	sessions := dropin.NewFiberStorage(store, "session:")
	limits := dropin.NewFiberStorage(store.WithSync(kv.SyncNever), "limit:")

	err = sessions.Set("abc", []byte("alice"), 30*time.Minute)
	fmt.Println(err)
	err = limits.Set("192.0.2.7", []byte("1"), time.Minute)
	fmt.Println(err)
	err = limits.Reset()
	fmt.Println(err)
	for item := range store.Scan("") {
		fmt.Printf("%s = %s\n", item.Key, item.Value)
	}
	// Output:
	// <nil>
	// <nil>
	// <nil>
	// session:abc = alice
}
