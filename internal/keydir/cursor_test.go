package keydir

import (
	"fmt"
	"slices"
	"testing"
)

// Range appends the live pairs with from <= key < to, at most max, to dst.
func (d *Keydir) Range(dst []Pair, from, to string, max int) []Pair {
	c, end := d.Cursor(from, to, Ascending, Whole), len(dst)+max
	for more := true; more && len(dst) < end; {
		dst, more = c.Next(dst, end-len(dst))
	}
	return dst
}

func TestRangeWindows(t *testing.T) {
	d := New(epoch)
	for _, key := range []string{"d", "b", "a", "c", "b\x00"} {
		put(t, d, key, 1)
	}
	for _, c := range []struct {
		name, from, to string
		max            int
		want           []string
	}{
		{"everything", "", "", 9, []string{"a", "b", "b\x00", "c", "d"}},
		{"from a key on", "b", "", 9, []string{"b", "b\x00", "c", "d"}},
		{"after a key", "b\x00", "", 9, []string{"b\x00", "c", "d"}},
		{"up to a key", "", "b", 9, []string{"a"}},
		{"between keys that are absent", "aa", "cc", 9, []string{"b", "b\x00", "c"}},
		{"at most two", "a", "", 2, []string{"a", "b"}},
		{"none asked for", "", "", 0, nil},
		{"fewer than none", "", "", -1, nil},
		{"empty window", "b", "b", 9, nil},
		{"upside down", "c", "a", 9, nil},
		{"beyond the end", "e", "", 9, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, pair := range d.Range(nil, c.from, c.to, c.max) {
				got = append(got, pair.Key)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	kept := []Pair{{Key: "kept"}}
	if got := d.Range(kept, "d", "", 9); len(got) != 2 || got[0].Key != "kept" {
		t.Errorf("appended: got %v", got)
	}
}

// walk goes through all keys page by page and calls each key's function.
func walk(d *Keydir, page int, each func(key string)) (keys []string) {
	c := d.Cursor("", "", Ascending, DeadlineOnly)
	for more := true; more; {
		var pairs []Pair
		pairs, more = c.Next(nil, page)
		for _, pair := range pairs {
			keys = append(keys, pair.Key)
			each(pair.Key)
		}
	}
	return keys
}

func TestWalksEndWhateverHappensUnderTheCursor(t *testing.T) {
	fill := func(t *testing.T) (d *Keydir, want []string) {
		d = New(epoch)
		for i := range 100 {
			want = append(want, fmt.Sprintf("key %03d", i))
			put(t, d, want[i], 1)
		}
		return d, want
	}
	t.Run("every key deleted as it is met", func(t *testing.T) {
		d, want := fill(t)
		got := walk(d, 7, func(key string) { remove(t, d, key) })
		if !slices.Equal(got, want) || d.Len() != 0 {
			t.Errorf("got %d keys and %d left, want %d and none", len(got), d.Len(), len(want))
		}
		check(t, d)
	})
	t.Run("the greatest key stays and is rewritten", func(t *testing.T) {
		d, want := fill(t)
		last := want[len(want)-1]
		got := walk(d, 1, func(key string) {
			if key != last {
				remove(t, d, key)
			}
			put(t, d, last, 2)
		})
		if !slices.Equal(got, want) || d.Len() != 1 {
			t.Errorf("got %d keys and %d left, want %d and one", len(got), d.Len(), len(want))
		}
		check(t, d)
	})
	t.Run("the next key deleted", func(t *testing.T) {
		d, want := fill(t)
		got := walk(d, 1, func(key string) {
			if i, _ := slices.BinarySearch(want, key); i+1 < len(want) {
				remove(t, d, want[i+1])
			}
		})
		if len(got) != 50 || d.Len() != 50 {
			t.Errorf("got %d keys and %d left, want 50 and 50", len(got), d.Len())
		}
		check(t, d)
	})
}

// A key that is made after a step may get the room of one that was to come
// next. It is met in its own place, or not at all.
func TestACursorForgetsWhatWentAway(t *testing.T) {
	for _, detail := range []Detail{Whole, DeadlineOnly} {
		d := New(epoch)
		d.hash = func(string) uint64 { return 1 } // all in one stripe
		for _, key := range []string{"b", "d", "f"} {
			put(t, d, key, 1)
		}
		c := d.Cursor("", "", Ascending, detail)
		got, more := c.Next(nil, 1)
		if len(got) != 1 || got[0].Key != "b" || !more {
			t.Fatalf("first step: got %v %v", got, more)
		}
		remove(t, d, "d")
		d.Fold()
		put(t, d, "a", 2)
		got, _ = c.Next(nil, 10)
		if len(got) != 1 || got[0].Key != "f" {
			t.Errorf("second step: got %v, want f alone", got)
		}
		check(t, d)
	}
}
