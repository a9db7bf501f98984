// Package storetest holds an implementation of store.KV to its contract:
//
//	func TestKV(t *testing.T) {
//		storetest.KV(t, func(t *testing.T, now func() time.Time) store.KV {
//			return newMyEngine(t, now)
//		})
//	}
package storetest

import (
	"context"
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/spcent/plumego/store"
)

// KV runs the whole contract. open returns an empty KV that judges deadlines
// by now, which may be called from any goroutine; it is called once per case.
// The case closes it.
func KV(t *testing.T, open func(t *testing.T, now func() time.Time) store.KV) {
	for _, c := range []struct {
		name string
		run  func(k *kv)
	}{
		{"what was put is got", putIsGot},
		{"nil and empty are a value", emptyIsAValue},
		{"a missing key is ErrNotFound", missingIsNotFound},
		{"delete removes, and a missing key is no error", deleteRemoves},
		{"any bytes are a key, and each its own", keysAreBytes},
		{"an empty key is ErrInvalid", emptyKeyIsInvalid},
		{"changing a value changes nothing kept", valuesAreCopies},
		{"expired is absent, to the millisecond", expiredIsAbsent},
		{"part of a millisecond is rounded up", deadlinesAreRoundedUp},
		{"a deadline that has come deletes", pastDeadlineDeletes},
		{"a KV that tells the time tells that of its deadlines", tellsItsTime},
		{"a put without a deadline has none", putClearsDeadline},
		{"versions of a key only grow", versionsGrow},
		{"a change that expects a version", expectsVersion},
		{"a change that expects a key to be absent", expectsAbsent},
		{"a commit is all or nothing", allOrNothing},
		{"a commit of nothing does nothing", nothingIsNothing},
		{"two changes of one key are ErrInvalid", oneChangeForAKey},
		{"scan yields a prefix in order", scanIsOrdered},
		{"scan begins where it is told", scanBegins},
		{"scan leaves out what has expired", scanLeavesOutExpired},
		{"a loop may break, and use the KV", loopsAreFree},
		{"a done context stops every call", doneContextStops},
		{"a context done within a scan ends it", scanHearsCancel},
		{"of many that expect the same one wins", oneWins},
		{"goroutines lose no change", noChangeIsLost},
		{"a closed KV is ErrClosed", closedIsClosed},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := &kv{T: t, clock: NewClock()}
			k.KV = open(t, k.clock.Now)
			c.run(k)
			if err := k.Close(); err != nil {
				t.Fatalf("Close: %v", err)
			}
		})
	}
}

// kv is a KV under test.
type kv struct {
	*testing.T
	store.KV
	clock *Clock
}

// commit makes changes, which must succeed, and returns the version of the
// last.
func (k *kv) commit(changes ...store.Change) uint64 {
	k.Helper()
	versions, err := k.Commit(context.Background(), changes...)
	if err != nil {
		k.Fatalf("Commit: %v", err)
	}
	if len(versions) != len(changes) {
		k.Fatalf("Commit of %d changes returned %d versions", len(changes), len(versions))
	}
	for i, c := range changes {
		if c.Delete != (versions[i] == 0) && c.Deadline.IsZero() {
			k.Fatalf("Commit: version %d of change %d (delete: %v)", versions[i], i, c.Delete)
		}
	}
	return versions[len(versions)-1]
}

func (k *kv) put(key, value string) uint64 {
	k.Helper()
	return k.commit(store.Change{Key: key, Value: []byte(value)})
}

// refuse makes changes, which must fail.
func (k *kv) refuse(want error, changes ...store.Change) {
	k.Helper()
	if _, err := k.Commit(context.Background(), changes...); !errors.Is(err, want) {
		k.Fatalf("Commit: error %v, want %v", err, want)
	}
}

func (k *kv) get(key string) store.Item {
	k.Helper()
	item, err := k.Get(context.Background(), key)
	if err != nil {
		k.Fatalf("Get(%q): %v", key, err)
	}
	if item.Key != key || item.Value == nil || item.Version == 0 || item.Version == store.Absent {
		k.Fatalf("Get(%q) = %+v", key, item)
	}
	return item
}

func (k *kv) want(key, value string) {
	k.Helper()
	if got := k.get(key); string(got.Value) != value {
		k.Fatalf("Get(%q) = %q, want %q", key, got.Value, value)
	}
}

func (k *kv) wantMissing(key string) {
	k.Helper()
	if item, err := k.Get(context.Background(), key); !errors.Is(err, store.ErrNotFound) {
		k.Fatalf("Get(%q) = %+v, %v; want ErrNotFound", key, item, err)
	}
}

// wantKeys scans and compares the keys, and each item with what Get says.
func (k *kv) wantKeys(prefix, from string, want ...string) {
	k.Helper()
	var got []string
	for item, err := range k.Scan(context.Background(), prefix, from) {
		if err != nil {
			k.Fatalf("Scan(%q, %q): %v", prefix, from, err)
		}
		if one := k.get(item.Key); !reflect.DeepEqual(one, item) {
			k.Fatalf("Scan yields %+v, Get returns %+v", item, one)
		}
		got = append(got, item.Key)
	}
	if !reflect.DeepEqual(got, want) {
		k.Fatalf("Scan(%q, %q) yields %q, want %q", prefix, from, got, want)
	}
}
