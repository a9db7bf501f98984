// Package repotest is the contract of store.Repository as tests that any
// implementation can run:
//
//	func TestRepository(t *testing.T) {
//		repotest.Run(t, func(t *testing.T) store.Repository[repotest.User] {
//			return newMyRepository(t)
//		})
//	}
package repotest

import (
	"context"
	"errors"
	"reflect"
	"testing"

	"github.com/spcent/plumego/store"
)

// User is the value that the contract is tried with. It has a slice, so
// that a repository which shares memory with its caller is found out.
type User struct {
	Name string
	Age  int
	Tags []string
}

// Run runs the whole contract. newRepo returns an empty repository that is
// the caller's to clean up; it is called once per case.
func Run(t *testing.T, newRepo func(t *testing.T) store.Repository[User]) {
	for _, c := range []struct {
		name string
		run  func(t *testing.T, r store.Repository[User])
	}{
		{"what was put is got", putIsGot},
		{"a second put replaces the first", putReplaces},
		{"the zero value is a value", zeroValueIsKept},
		{"a missing id is ErrNotFound", missingIsNotFound},
		{"delete removes, and a missing id is no error", deleteRemoves},
		{"an empty id is ErrInvalid", emptyIDIsInvalid},
		{"any other id is its own", idsAreDistinct},
		{"changing a value changes nothing kept", valuesAreCopies},
		{"list yields all in order of ids", listIsOrdered},
		{"list of nothing yields nothing", listOfNothing},
		{"a loop may break", listStops},
		{"a loop may use the repository", listAllowsWrites},
		{"a done context stops every call", doneContextStops},
		{"a context done within a listing ends it", listHearsCancel},
		{"goroutines do not disturb each other", concurrentUse},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(t, newRepo(t)) })
	}
}

func put(t *testing.T, r store.Repository[User], id string, u User) {
	t.Helper()
	if err := r.Put(context.Background(), id, u); err != nil {
		t.Fatalf("Put(%q): %v", id, err)
	}
}

func wantUser(t *testing.T, r store.Repository[User], id string, want User) {
	t.Helper()
	got, err := r.Get(context.Background(), id)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("Get(%q) = %+v, %v; want %+v", id, got, err, want)
	}
}

func wantErr(t *testing.T, deed string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Fatalf("%s: error %v, want %v", deed, got, want)
	}
}

// wantIDs lists r and compares the ids.
func wantIDs(t *testing.T, r store.Repository[User], want ...string) {
	t.Helper()
	var got []string
	for e, err := range r.List(context.Background()) {
		if err != nil {
			t.Fatalf("List: %v", err)
		}
		got = append(got, e.ID)
	}
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("List yields %q, want %q", got, want)
	}
}
