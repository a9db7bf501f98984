package verify

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spcent/plumego/store/kv"
)

// holding is what a store should say of a key.
type holding struct {
	value    string
	deadline int64  // Unix milliseconds; 0: none
	version  uint64 // 0: not looked at yet, or never
}

func asHolding(item kv.Item) holding {
	return holding{string(item.Value), asMillis(item.Deadline), item.Version}
}

// is reports whether a store may say that of the key. A version that is not
// known may be any.
func (h holding) is(got holding) bool {
	if h.version == 0 {
		got.version = 0
	}
	return h == got
}

// book is what a store should hold: the model of this package.
type book map[string]holding

// at returns what is left of a book at a time, in Unix milliseconds.
func (b book) at(millis int64) book {
	b = maps.Clone(b)
	maps.DeleteFunc(b, func(_ string, h holding) bool { return h.deadline != 0 && h.deadline <= millis })
	return b
}

// between returns the keys with from <= key < to, in order; an empty to is
// no bound.
func (b book) between(from, to string) (keys []string) {
	for _, key := range slices.Sorted(maps.Keys(b)) {
		if key >= from && (to == "" || key < to) {
			keys = append(keys, key)
		}
	}
	return keys
}

// beginning returns the keys that begin with a prefix, in order.
func (b book) beginning(prefix string) (keys []string) {
	for _, key := range b.between("", "") {
		if strings.HasPrefix(key, prefix) {
			keys = append(keys, key)
		}
	}
	return keys
}

// lists says how what a scan yields differs from these keys, in this order,
// and from what the book has of them.
func (b book) lists(keys []string, scan iter.Seq2[kv.Item, error]) error {
	n := 0
	for item, err := range scan {
		switch {
		case err != nil:
			return err
		case n == len(keys):
			return fmt.Errorf("a scan yields %q after its last key", item.Key)
		case item.Key != keys[n]:
			return fmt.Errorf("a scan yields %q, want %q", item.Key, keys[n])
		}
		if got, want := asHolding(item), b[item.Key]; !want.is(got) {
			return fmt.Errorf("a scan yields %q as %+v, want %+v", item.Key, got, want)
		}
		n++
	}
	if n < len(keys) {
		return fmt.Errorf("a scan ends before %q", keys[n])
	}
	return nil
}

// all says how a store, or a snapshot, differs from the book.
func (b book) all(s scanner) error { return b.lists(b.between("", ""), s.Scan("")) }

// scanner is a store or a snapshot.
type scanner interface {
	Scan(prefix string) iter.Seq2[kv.Item, error]
	ScanRange(from, to string, opts ...kv.ScanOption) iter.Seq2[kv.Item, error]
	Keys(prefix string) iter.Seq[string]
	Get(key string) ([]byte, error)
	Exists(key string) bool
	Len() int
}

// asMillis returns a deadline in Unix milliseconds, rounded up: a key never
// dies early. The zero time is none.
func asMillis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return max(1, t.Add(time.Millisecond-1).UnixMilli())
}
