package kv_test

import (
	"errors"
	"fmt"
	"log"
	"os"
	"time"

	kvstore "github.com/spcent/plumego/store/kv"
)

func Example() {
	dir, err := os.MkdirTemp("", "kv")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)

	kv, err := kvstore.NewKVStore(kvstore.Options{
		DataDir: dir,
	})
	if err != nil {
		log.Fatal(err)
	}
	defer kv.Close()

	kv.Set("session:abc", []byte(`{"user":"alice"}`), 30*time.Minute)
	data, err := kv.Get("session:abc")
	fmt.Println(string(data), err)

	kv.Delete("session:abc")
	exists := kv.Exists("session:abc")
	fmt.Println(exists)

	// Output:
	// {"user":"alice"} <nil>
	// false
}

// Looking at the store of a running application: what is shown is the store as
// it was when it was opened.
func ExampleOptions_readOnly() {
	dir, err := os.MkdirTemp("", "kv")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	app, err := kvstore.NewKVStore(kvstore.Options{DataDir: dir})
	if err != nil {
		log.Fatal(err)
	}
	defer app.Close()

	app.Set("deploys", []byte("41"), 0)
	look, err := kvstore.NewKVStore(kvstore.Options{DataDir: dir, ReadOnly: true})
	if err != nil {
		log.Fatal(err)
	}
	defer look.Close()
	app.Set("deploys", []byte("42"), 0)

	seen, err := look.Get("deploys")
	fmt.Println(string(seen), err)
	fmt.Println(look.Set("deploys", nil, 0))
	// Output:
	// 41 <nil>
	// kv: store is read-only
}

// A fixed-window rate limit: the window is opened by its first request and
// closes on time, however many come. Counters may lose their last moments in
// a power cut; the signing key beside them may not.
func ExampleKVStore_WithSync() {
	kv, err := kvstore.NewKVStore(kvstore.Options{InMemory: true})
	if err != nil {
		log.Fatal(err)
	}
	defer kv.Close()
	counters := kv.WithSync(kvstore.SyncNever)

	if err := kv.Set("jwt:2026-11", []byte("signing key"), 0); err != nil {
		log.Fatal(err) // durable, or not done
	}
	for range 3 {
		n, err := counters.Incr("rate:192.0.2.7", 1, time.Minute)
		fmt.Println(n, n <= 2, err)
	}
	// Output:
	// 1 true <nil>
	// 2 true <nil>
	// 3 false <nil>
}

func ExampleKVStore_Scan() {
	kv, err := kvstore.NewKVStore(kvstore.Options{InMemory: true})
	if err != nil {
		log.Fatal(err)
	}
	defer kv.Close()
	for _, user := range []string{"carol", "alice", "bob"} {
		kv.Set("session:"+user, []byte("of "+user), time.Hour)
	}
	kv.Set("other", nil, 0)

	for item, err := range kv.Scan("session:") {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s = %s\n", item.Key, item.Value)
	}
	// Output:
	// session:alice = of alice
	// session:bob = of bob
	// session:carol = of carol
}

func ExampleKVStore_ScanRange() {
	kv, err := kvstore.NewKVStore(kvstore.Options{InMemory: true})
	if err != nil {
		log.Fatal(err)
	}
	defer kv.Close()
	for _, day := range []string{"2026-11-22", "2026-11-23", "2026-11-24"} {
		kv.Set("log:"+day, []byte("of "+day), 0)
	}

	for item, err := range kv.ScanRange("log:2026-11-22", "log:2026-11-24", kvstore.Reverse()) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s = %s\n", item.Key, item.Value)
	}
	// Output:
	// log:2026-11-23 = of 2026-11-23
	// log:2026-11-22 = of 2026-11-22
}

func ExampleKVStore_Update() {
	kv, err := kvstore.NewKVStore(kvstore.Options{InMemory: true})
	if err != nil {
		log.Fatal(err)
	}
	defer kv.Close()
	kv.Set("alice", []byte("10"), 0)
	kv.Set("bob", []byte("20"), 0)

	errTooPoor := errors.New("too poor")
	pay := func(sum int64) error {
		return kv.Update(func(tx *kvstore.Tx) error {
			left, err := tx.Incr("alice", -sum, 0)
			if err != nil {
				return err
			}
			if left < 0 {
				return errTooPoor // and nothing has happened
			}
			_, err = tx.Incr("bob", sum, 0)
			return err
		})
	}
	fmt.Println(pay(7), pay(7))
	alice, _ := kv.Get("alice")
	bob, _ := kv.Get("bob")
	fmt.Printf("alice %s, bob %s\n", alice, bob)
	// Output:
	// <nil> too poor
	// alice 3, bob 27
}

func ExampleKVStore_View() {
	kv, err := kvstore.NewKVStore(kvstore.Options{InMemory: true})
	if err != nil {
		log.Fatal(err)
	}
	defer kv.Close()
	kv.Set("alice", []byte("10"), 0)
	kv.Set("bob", []byte("20"), 0)

	err = kv.View(func(then *kvstore.Snapshot) error {
		kv.Incr("alice", 5, 0)
		kv.Delete("bob")
		for item, err := range then.Scan("") {
			if err != nil {
				return err
			}
			fmt.Printf("then %s had %s\n", item.Key, item.Value)
		}
		return nil
	})
	now, _ := kv.Get("alice")
	fmt.Printf("now alice has %s, bob exists: %v, %v\n", now, kv.Exists("bob"), err)
	// Output:
	// then alice had 10
	// then bob had 20
	// now alice has 15, bob exists: false, <nil>
}

func ExampleKVStore_Get_expired() {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	kv, err := kvstore.NewKVStore(kvstore.Options{
		InMemory: true,
		Now:      func() time.Time { return now },
	})
	if err != nil {
		log.Fatal(err)
	}
	defer kv.Close()

	kv.Set("token", []byte("x"), time.Second)
	now = now.Add(999 * time.Millisecond)
	_, err = kv.Get("token")
	fmt.Println(err)
	now = now.Add(time.Millisecond)
	_, err = kv.Get("token")
	fmt.Println(errors.Is(err, kvstore.ErrKeyNotFound))
	// Output:
	// <nil>
	// true
}
