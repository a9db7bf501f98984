package repotest

import (
	"context"
	"testing"

	"github.com/spcent/plumego/store"
)

func listIsOrdered(t *testing.T, r store.Repository[User]) {
	for _, id := range []string{"b", "aa", "\xff", "a", "B", "a:1", "10", "9"} {
		put(t, r, id, User{Age: len(id)})
	}
	wantIDs(t, r, "10", "9", "B", "a", "a:1", "aa", "b", "\xff")
	for e, err := range r.List(context.Background()) {
		if err != nil || e.Value.Age != len(e.ID) {
			t.Fatalf("List yields %+v, %v; want age %d", e, err, len(e.ID))
		}
	}
}

func listOfNothing(t *testing.T, r store.Repository[User]) {
	wantIDs(t, r)
	put(t, r, "1", User{})
	wantErr(t, "Delete", r.Delete(context.Background(), "1"), nil)
	wantIDs(t, r)
}

func listStops(t *testing.T, r store.Repository[User]) {
	put(t, r, "1", User{})
	put(t, r, "2", User{})
	all := r.List(context.Background())
	for range 2 { // a sequence may be ranged over again
		for e, err := range all {
			if err != nil || e.ID != "1" {
				t.Fatalf("the first step yields %+v, %v; want ID 1", e, err)
			}
			break
		}
	}
	wantIDs(t, r, "1", "2")
}

func listAllowsWrites(t *testing.T, r store.Repository[User]) {
	ctx := context.Background()
	for _, id := range []string{"1", "2", "3"} {
		put(t, r, id, User{Name: id})
	}
	for e, err := range r.List(ctx) {
		wantErr(t, "List", err, nil)
		wantUser(t, r, e.ID, e.Value)
		wantErr(t, "Delete", r.Delete(ctx, e.ID), nil)
	}
	wantIDs(t, r)
}

func listHearsCancel(t *testing.T, r store.Repository[User]) {
	for _, id := range []string{"1", "2", "3"} {
		put(t, r, id, User{})
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var ids []string
	var last error
	for e, err := range r.List(ctx) {
		ids, last = append(ids, e.ID), err
		cancel()
	}
	wantErr(t, "the last step", last, context.Canceled)
	if len(ids) != 2 || ids[0] != "1" || ids[1] != "" {
		t.Fatalf("List yields %q, want the first id and then an error without one", ids)
	}
}
