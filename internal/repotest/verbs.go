package repotest

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/spcent/plumego/store"
)

func putIsGot(t *testing.T, r store.Repository[User]) {
	u := User{Name: "alice", Age: 41, Tags: []string{"admin", "ops"}}
	put(t, r, "1", u)
	wantUser(t, r, "1", u)
}

func putReplaces(t *testing.T, r store.Repository[User]) {
	put(t, r, "1", User{Name: "alice", Age: 41})
	put(t, r, "1", User{Name: "bob"})
	wantUser(t, r, "1", User{Name: "bob"})
	wantIDs(t, r, "1")
}

func zeroValueIsKept(t *testing.T, r store.Repository[User]) {
	put(t, r, "1", User{})
	wantUser(t, r, "1", User{})
}

func missingIsNotFound(t *testing.T, r store.Repository[User]) {
	put(t, r, "1", User{Name: "alice"})
	_, err := r.Get(context.Background(), "2")
	wantErr(t, "Get of a missing id", err, store.ErrNotFound)
}

func deleteRemoves(t *testing.T, r store.Repository[User]) {
	ctx := context.Background()
	put(t, r, "1", User{Name: "alice"})
	put(t, r, "2", User{Name: "bob"})
	for range 2 {
		wantErr(t, "Delete", r.Delete(ctx, "1"), nil)
		_, err := r.Get(ctx, "1")
		wantErr(t, "Get of a deleted id", err, store.ErrNotFound)
	}
	wantIDs(t, r, "2")
}

func emptyIDIsInvalid(t *testing.T, r store.Repository[User]) {
	ctx := context.Background()
	_, err := r.Get(ctx, "")
	wantErr(t, "Get", err, store.ErrInvalid)
	wantErr(t, "Put", r.Put(ctx, "", User{}), store.ErrInvalid)
	wantErr(t, "Delete", r.Delete(ctx, ""), store.ErrInvalid)
	wantIDs(t, r)
}

func idsAreDistinct(t *testing.T, r store.Repository[User]) {
	ids := []string{
		"a", "A", "a:", "a:b", ":", "/", "../a", "a b", " ", "\x00", "a\x00", "\xff", "\xff\xff",
		"é", "e\u0301", strings.Repeat("x", 1000), "1", "01",
	}
	for _, id := range ids {
		put(t, r, id, User{Name: id})
	}
	for _, id := range ids {
		got, err := r.Get(context.Background(), id)
		// Not every codec keeps bytes that are no UTF-8; ids must be kept.
		if err != nil || len(id) > 0 && id[0] < 0x80 && got.Name != id {
			t.Fatalf("Get(%q) = %+v, %v", id, got, err)
		}
	}
}

func valuesAreCopies(t *testing.T, r store.Repository[User]) {
	mine := User{Tags: []string{"kept"}}
	put(t, r, "1", mine)
	mine.Tags[0] = "changed after Put"
	got, err := r.Get(context.Background(), "1")
	wantErr(t, "Get", err, nil)
	got.Tags[0] = "changed after Get"
	wantUser(t, r, "1", User{Tags: []string{"kept"}})
}

func doneContextStops(t *testing.T, r store.Repository[User]) {
	put(t, r, "1", User{Name: "alice"})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := r.Get(ctx, "1")
	wantErr(t, "Get", err, context.Canceled)
	wantErr(t, "Put", r.Put(ctx, "1", User{Name: "bob"}), context.Canceled)
	wantErr(t, "Delete", r.Delete(ctx, "1"), context.Canceled)
	steps := 0
	for e, err := range r.List(ctx) {
		wantErr(t, "List", err, context.Canceled)
		if e.ID != "" {
			t.Fatalf("the context's error came beside the ID %q", e.ID)
		}
		steps++
	}
	if steps != 1 {
		t.Fatalf("List under a done context took %d steps, want 1", steps)
	}
	wantUser(t, r, "1", User{Name: "alice"})
}

func concurrentUse(t *testing.T, r store.Repository[User]) {
	const goroutines, rounds = 8, 50
	ctx := context.Background()
	var wg sync.WaitGroup
	for g := range goroutines {
		wg.Go(func() {
			own := fmt.Sprintf("own%d", g)
			for i := range rounds {
				if err := r.Put(ctx, own, User{Age: i}); err != nil {
					t.Errorf("Put: %v", err)
				}
				if u, err := r.Get(ctx, own); err != nil || u.Age != i {
					t.Errorf("Get = %+v, %v; want age %d", u, err, i)
				}
				if err := r.Put(ctx, "shared", User{Age: i}); err != nil {
					t.Errorf("Put: %v", err)
				}
				for _, err := range r.List(ctx) {
					if err != nil {
						t.Errorf("List: %v", err)
					}
				}
			}
		})
	}
	wg.Wait()
	wantUser(t, r, "shared", User{Age: rounds - 1})
}
