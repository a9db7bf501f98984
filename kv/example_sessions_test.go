package kv_test

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log"
	"slices"
	"strconv"
	"strings"
	"time"

	kvstore "github.com/spcent/plumego/store/kv"
)

// sessions keeps who is logged in. A token is a user's number and a random
// text; what is kept is
//
//	session:<user>:<SHA-256 of the token>
//
// so that whoever steals the files has no token: a hash of 128 random bits
// cannot be turned round. The user's number in front lets all sessions of a
// user go at once.
type sessions struct {
	store *kvstore.KVStore
	idle  time.Duration // after which a session ends
}

// login returns the token of a new session.
func (s sessions) login(user int, data string) (string, error) {
	token := strconv.Itoa(user) + "." + rand.Text()
	key, _ := s.key(token)
	return token, s.store.Set(key, []byte(data), s.idle)
}

var errNoSession = errors.New("not logged in")

// get returns the data of a session, and lets it live on from now. A write for
// each request is spared: the deadline moves when half the time is over.
func (s sessions) get(token string) (string, error) {
	key, ok := s.key(token)
	if !ok {
		return "", errNoSession
	}
	item, err := s.store.GetItem(key)
	if err == nil && item.Deadline.Sub(s.store.Now()) <= s.idle/2 {
		err = s.store.Expire(key, s.idle)
	}
	if errors.Is(err, kvstore.ErrKeyNotFound) { // also if it has ended between the two
		return "", errNoSession
	}
	return string(item.Value), err
}

// logout ends a session.
func (s sessions) logout(token string) error {
	key, ok := s.key(token)
	if !ok {
		return nil
	}
	return s.store.Delete(key)
}

// logoutEverywhere ends all sessions of a user, and returns how many there
// were. The colon keeps user 4 apart from user 42.
func (s sessions) logoutEverywhere(user int) (int, error) {
	return s.store.DeletePrefix(sessionsOf(strconv.Itoa(user)))
}

// key returns the key of a token, unless it is none.
func (s sessions) key(token string) (string, bool) {
	user, _, ok := strings.Cut(token, ".")
	if _, err := strconv.Atoi(user); err != nil || !ok {
		return "", false
	}
	sum := sha256.Sum256([]byte(token))
	return sessionsOf(user) + hex.EncodeToString(sum[:]), true
}

func sessionsOf(user string) string { return "session:" + user + ":" }

// Sessions whose tokens are not in the store, that live as long as they are
// used, and that can be ended one by one or all of a user's at once.
func ExampleKVStore_Expire_sessions() {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	kv, err := kvstore.NewKVStore(kvstore.Options{
		InMemory: true,                            // applications: DataDir
		Now:      func() time.Time { return now }, // applications: nothing
	})
	if err != nil {
		log.Fatal(err)
	}
	defer kv.Close()
	s := sessions{store: kv, idle: 30 * time.Minute}
	login := func(user int, data string) string {
		token, err := s.login(user, data)
		if err != nil {
			log.Fatal(err)
		}
		return token
	}
	phone, laptop := login(42, "phone"), login(42, "laptop")
	other := login(4, "other")
	kept := strings.Join(slices.Collect(kv.Keys("")), " ")
	fmt.Println("tokens kept:", strings.Contains(kept, phone) || strings.Contains(kept, laptop) || strings.Contains(kept, other))

	now = now.Add(20 * time.Minute) // the phone asks, the others do not
	fmt.Println(s.get(phone))
	now = now.Add(20 * time.Minute)
	fmt.Println(s.get(phone))
	fmt.Println(s.get(laptop))
	fmt.Println(s.get("42.guessed"))

	phone2 := login(42, "second phone")
	fmt.Println(s.logout(phone2))
	fmt.Println(s.get(phone2))

	laptop, other = login(42, "laptop"), login(4, "other")
	fmt.Println(s.logoutEverywhere(42))
	fmt.Println(s.get(laptop))
	fmt.Println(s.get(other))
	// Output:
	// tokens kept: false
	// phone <nil>
	// phone <nil>
	//  not logged in
	//  not logged in
	// <nil>
	//  not logged in
	// 2 <nil>
	//  not logged in
	// other <nil>
}
