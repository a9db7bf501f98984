package main

import (
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/spcent/plumego/store/kv"
)

// counterTTL is how long a rate-limit counter lives from its first request.
// A line may come four minutes late and still find the counter of its
// minute; servers log a request when it ends, with the time it began.
const counterTTL = 5 * time.Minute

// The keys of the application.
const (
	sessionPrefix = "session:"
	counterPrefix = "rate:"
	minuteLayout  = "2006-01-02T15:04Z"
)

func sessionKey(client string) string { return sessionPrefix + client }

// counterKey is the key of one client's counter for the minute of t, in UTC.
func counterKey(client string, t time.Time) string {
	return counterPrefix + client + ":" + minute(t)
}

func minute(t time.Time) string { return t.UTC().Format(minuteLayout) }

// session is the value under a session's key. First and Last are the store's
// times.
type session struct {
	Client   string    `json:"client"`
	First    time.Time `json:"first"`
	Last     time.Time `json:"last"`
	Requests int64     `json:"requests"`
}

// app does with a request what a web application would.
type app struct {
	store *kv.KVStore
	now   func() time.Time
	ttl   time.Duration // of a session, from its last request
}

// visit loads the client's session, or begins one, and stores it with a
// fresh deadline.
func (a *app) visit(client string) (begun bool, err error) {
	key, now := sessionKey(client), a.now().UTC()
	s := session{Client: client, First: now}
	value, err := a.store.Get(key)
	switch {
	case errors.Is(err, kv.ErrKeyNotFound):
		begun = true
	case err != nil:
		return false, err
	default:
		if err := json.Unmarshal(value, &s); err != nil {
			return false, errors.New("a session read back is not what was stored")
		}
	}
	s.Last = now
	s.Requests++
	value, err = json.Marshal(s)
	if err != nil {
		return false, err
	}
	return begun, a.store.Set(key, value, a.ttl)
}

// count adds one to the client's counter for the minute of t and returns how
// many requests that makes.
func (a *app) count(client string, t time.Time) (int64, error) {
	return a.store.Incr(counterKey(client, t), 1, counterTTL)
}

// sweepEvery is the number of requests between two sweeps.
const sweepEvery = 4096

// sweep frees the memory of what has expired. The store does so by itself,
// but sleeps by the system's clock, and the log's days pass in seconds.
func (a *app) sweep() { a.store.Len() }

// isSession reports whether a stored key is a session's.
func isSession(key string) bool {
	return strings.HasPrefix(key, sessionPrefix)
}
