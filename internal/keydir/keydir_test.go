package keydir

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// put stores an entry that is told apart by its segment.
func put(t testing.TB, d *Keydir, key string, segment uint32) {
	t.Helper()
	putUntil(t, d, key, segment, 0)
}

func putUntil(t testing.TB, d *Keydir, key string, segment uint32, deadline int64) {
	t.Helper()
	e := Entry{Segment: segment, Offset: 64, Size: 128, Deadline: deadline}
	if _, _, err := d.Put(d.Hash(key), key, e); err != nil {
		t.Fatalf("Put: %v", err)
	}
}

func remove(t testing.TB, d *Keydir, key string) {
	t.Helper()
	if _, ok := d.Delete(d.Hash(key), key); !ok {
		t.Fatalf("Delete: got absent, want present")
	}
}

func check(t testing.TB, d *Keydir) {
	t.Helper()
	if err := d.Check(); err != nil {
		t.Fatalf("Check: %v", err)
	}
}

// keysOf returns all live keys as Range sees them.
func keysOf(d *Keydir) (keys []string) {
	for _, pair := range d.Range(nil, "", "", 1<<30) {
		keys = append(keys, pair.Key)
	}
	return keys
}

func TestEmptyKeydirIsSmallAndSound(t *testing.T) {
	d := New(epoch)
	check(t, d)
	if got := d.Bytes(); got > 64 {
		t.Errorf("Bytes: got %d, want next to nothing", got)
	}
	if got := d.NextDeadline(); got != 0 {
		t.Errorf("NextDeadline: got %d, want 0", got)
	}
	if n, more := d.Expire(epoch, 10, nil); n != 0 || more {
		t.Errorf("Expire: got %d %v, want 0 false", n, more)
	}
	if got := d.Range(nil, "", "", 10); got != nil {
		t.Errorf("Range: got %v, want nothing", got)
	}
	if d.SetDeadline(d.Hash("k"), "k", 1) {
		t.Error("SetDeadline of an absent key: got true")
	}
	put(t, d, "k", 1)
	if got := d.Bytes(); got > 1024 {
		t.Errorf("Bytes with one key: got %d, want at most 1024", got)
	}
}

func TestEntriesKeepTheirNumbers(t *testing.T) {
	d := New(epoch)
	for _, want := range []Entry{
		{},
		{Segment: 1, Offset: 8, Size: 16, Deadline: 1},
		{Segment: MaxSegment, Offset: 32<<30 - 8, Size: 32<<30 - 8, Deadline: 1<<63 - 1},
	} {
		d.Put(d.Hash("k"), "k", want)
		if got, ok := find(d, "k"); !ok || got != want {
			t.Errorf("got %+v %v, want %+v", got, ok, want)
		}
		check(t, d)
	}
}

func TestKeysOfEveryKind(t *testing.T) {
	long := strings.Repeat("l", MaxKeySize-1)
	keys := []string{
		"a", "\x00", "\xff", "a\x00", "a\x00\x00", "a\x01", "\x00\x00\x00\x00\x00\x00\x00\x00", "\x00\x00",
		long, long + "\x00", long + "\xff", "M" + long, long[:4000], long[:4096], long[:16352], long[:16353],
	}
	for i := range 300 {
		keys = append(keys, "prefix/"+strings.Repeat("x", i), fmt.Sprintf("%s%03d", long[:500], i))
	}
	d := New(epoch)
	for round := range uint32(3) {
		for i, key := range keys {
			put(t, d, key, round<<16|uint32(i))
		}
		check(t, d)
		for i, key := range keys {
			if e, ok := find(d, key); !ok || e.Segment != round<<16|uint32(i) {
				t.Fatalf("key %d of %d bytes: got %v %v", i, len(key), e, ok)
			}
		}
		want := slices.Sorted(slices.Values(keys))
		if got := keysOf(d); !slices.Equal(got, want) {
			t.Fatalf("got %d keys, want %d in order", len(got), len(want))
		}
		for _, key := range keys {
			remove(t, d, key)
		}
		check(t, d)
		if d.Len() != 0 || d.order.tree.Len() != 0 {
			t.Fatalf("after deletes: got %d live and %d in the tree", d.Len(), d.order.tree.Len())
		}
	}
}

func TestTooLongAKeyFindsNoRoom(t *testing.T) {
	d := New(epoch)
	key := strings.Repeat("k", MaxKeySize+1)
	if _, _, err := d.Put(d.Hash(key), key, Entry{}); !errors.Is(err, ErrFull) {
		t.Errorf("Put: got %v, want ErrFull", err)
	}
	check(t, d)
}

func TestGhosts(t *testing.T) {
	inTree := func(d *Keydir) { d.Fold() }
	inQueue := func(*Keydir) {}
	for name, settle := range map[string]func(*Keydir){"in the tree": inTree, "in the queue": inQueue} {
		t.Run(name, func(t *testing.T) {
			d := New(epoch)
			put(t, d, "a", 1)
			put(t, d, "b", 2)
			settle(d)
			remove(t, d, "a")
			if _, ok := find(d, "a"); ok {
				t.Error("Find sees a ghost")
			}
			if _, ok := d.Delete(d.Hash("a"), "a"); ok {
				t.Error("Delete sees a ghost")
			}
			if d.SetDeadline(d.Hash("a"), "a", epoch) {
				t.Error("SetDeadline sees a ghost")
			}
			if d.Len() != 1 {
				t.Errorf("Len: got %d, want 1", d.Len())
			}
			if _, replaced, _ := d.Put(d.Hash("a"), "a", Entry{Segment: 3}); replaced {
				t.Error("Put of a ghost's key says it replaced an entry")
			}
			if e, ok := find(d, "a"); !ok || e.Segment != 3 {
				t.Errorf("revived: got %v %v, want segment 3", e, ok)
			}
			if got := keysOf(d); !slices.Equal(got, []string{"a", "b"}) {
				t.Errorf("got keys %q, want a and b once each", got)
			}
			check(t, d)
			remove(t, d, "a")
			if got := keysOf(d); !slices.Equal(got, []string{"b"}) {
				t.Errorf("got keys %q, want b", got)
			}
			check(t, d)
		})
	}
}

func TestBacklogCountsEachKeyOnce(t *testing.T) {
	d := New(epoch)
	for range 5 {
		put(t, d, "a", 1)
		remove(t, d, "a")
	}
	if got := d.Backlog(); got != 1 {
		t.Errorf("got %d, want 1", got)
	}
	d.Fold()
	if got := d.Backlog(); got != 0 {
		t.Errorf("after Fold: got %d, want 0", got)
	}
}

func TestFullStripeTakesOverwritesAndRecoversByDeletes(t *testing.T) {
	d := New(epoch)
	d.hash = func(string) uint64 { return 7 }
	d.stripes[0].arena.limit = 2
	var keys []string
	for {
		key := fmt.Sprintf("key %04d", len(keys))
		_, _, err := d.Put(7, key, Entry{})
		if errors.Is(err, ErrFull) {
			break
		}
		keys = append(keys, key)
	}
	check(t, d)
	if len(keys) < 2*chunkUnits*unit/48 {
		t.Errorf("full at %d keys", len(keys))
	}
	put(t, d, keys[0], 9)
	remove(t, d, keys[1])
	put(t, d, "other 01", 10)
	if _, _, err := d.Put(7, keys[1], Entry{}); !errors.Is(err, ErrFull) {
		t.Errorf("Put into the full stripe: got %v, want ErrFull", err)
	}
	check(t, d)
}

func TestHashIsSeeded(t *testing.T) {
	if a, b := New(epoch), New(epoch); a.Hash("k") == b.Hash("k") {
		t.Error("two Keydirs hash alike")
	}
}

func TestPointOperationsDoNotAllocate(t *testing.T) {
	d := New(epoch)
	key := "session:0123456789abcdef0123456789abcdef"
	h := d.Hash(key)
	put(t, d, key, 1)
	e := Entry{Segment: 2, Offset: 8, Size: 16, Deadline: epoch + 1000}
	for name, op := range map[string]func(){
		"Hash":        func() { d.Hash(key) },
		"Find":        func() { find(d, key) },
		"Find absent": func() { find(d, "session:") },
		"overwrite":   func() { e.Deadline++; d.Put(h, key, e) },
		"SetDeadline": func() { e.Deadline++; d.SetDeadline(h, key, e.Deadline) },
		"Delete, Put": func() { d.Delete(h, key); d.Put(h, key, e) },
	} {
		if got := testing.AllocsPerRun(100, op); got != 0 {
			t.Errorf("%s: got %v allocations, want 0", name, got)
		}
	}
}
