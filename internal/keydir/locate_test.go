package keydir

import (
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
)

func locate(d *Keydir, key string) (segment uint32, ok, maybe bool) {
	h := d.Hash(key)
	s := d.Stripe(h)
	s.Pin()
	defer s.Unpin()
	segment, _, ok, maybe = s.Locate(h)
	return segment, ok, maybe
}

// A slot moves when one before it goes, and the table is replaced when it
// grows: a key must not be missed meanwhile by who looks for it without a lock.
func TestLocateBesideChanges(t *testing.T) {
	const rounds, run = 6000, 300
	d := New(epoch)
	// All in one stripe: a run of keys that are where they belong, and before it
	// the place of the key, which is another's as long as that is there.
	d.hash = func(key string) uint64 {
		switch n, _ := strconv.ParseUint(key[1:], 10, 64); key[0] {
		case 'k':
			return 0
		case 'o':
			return 1 << 20
		default:
			return n
		}
	}
	for i := range run {
		put(t, d, fmt.Sprint("r", i+1), 0)
	}
	keys := make([]string, rounds)
	for i := range keys {
		keys[i] = fmt.Sprint("k", i)
	}
	var current atomic.Int64 // the key that is there; 0 while there is none
	var sure, unsure atomic.Int64
	look := func() {
		i := current.Load()
		if i <= 0 {
			return
		}
		segment, ok, maybe := locate(d, keys[i])
		switch {
		case current.Load() != i: // it may be gone
		case ok && segment != uint32(i):
			t.Errorf("%s: led to segment %d", keys[i], segment)
		case !ok && !maybe:
			t.Errorf("%s: said not to be there", keys[i])
		case ok:
			sure.Add(1)
		default:
			unsure.Add(1)
		}
	}
	var readers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			for current.Load() >= 0 {
				look()
			}
		})
	}
	for i := 1; i < rounds; i++ {
		put(t, d, "other", 0)
		put(t, d, keys[i], uint32(i)) // behind the run
		current.Store(int64(i))
		if i%1500 == 0 { // the table grows
			for n := range i / 3 {
				put(t, d, fmt.Sprint("x", 1000+n), 0)
			}
		}
		remove(t, d, "other")
		d.Fold() // the key jumps to its place
		current.Store(0)
		remove(t, d, keys[i])
		d.Fold()
	}
	current.Store(-1)
	readers.Wait()
	check(t, d)
	// Whether one is missed is a matter of nanoseconds.
	if moves := d.Stripe(0).table.moves.Load(); moves%2 != 0 || moves < 2*rounds {
		t.Errorf("slots moved unnoticed: %d notes of %d removals", moves, 2*rounds)
	}
	if sure.Load() == 0 {
		t.Errorf("nothing was found without the lock, %d times", unsure.Load())
	}
}

// What is not loaded is not known to be absent, nor while it is loaded.
func TestLocateInAColdStripe(t *testing.T) {
	was := New(epoch)
	for i := range 100 {
		put(t, was, fmt.Sprint(i), 7)
	}
	var d *Keydir
	loading := false // the stripe of that key
	const key = "50"
	unsure := func(when string) {
		if segment, ok, maybe := locate(d, key); ok || !maybe {
			t.Errorf("%s: %s in segment %d, %v, maybe %v; want to be sent to the lock", when, key, segment, ok, maybe)
		}
	}
	d, settle, failure := load(was, imageOf(t, was), func(e Entry) bool {
		if loading {
			unsure("meanwhile")
		}
		return true
	})
	unsure("before")
	loading = true
	find(d, key)
	loading = false
	if segment, ok, _ := locate(d, key); !ok || segment != 7 {
		t.Errorf("afterwards: segment %d, %v; want 7", segment, ok)
	}
	settle()
	if *failure != nil {
		t.Error(*failure)
	}
}
