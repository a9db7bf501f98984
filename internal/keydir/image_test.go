package keydir

import (
	"errors"
	"fmt"
	"slices"
	"testing"
)

// imageOf returns the pieces of an index's image.
func imageOf(t testing.TB, d *Keydir) (pieces []Piece) {
	t.Helper()
	err := d.Save(func(segment uint32) uint32 { return segment }, func(p Piece) error {
		p.Data = slices.Clone(p.Data)
		pieces = append(pieces, p)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return pieces
}

// load returns an index like d made of pieces, what is left to do, and what
// broken will have been told.
func load(d *Keydir, pieces []Piece, has func(Entry) bool) (loaded *Keydir, settle func(), failure *error) {
	var parts [Parts][]Piece
	var counts [Parts]int
	for _, p := range pieces {
		parts[p.Part] = append(parts[p.Part], p)
		counts[p.Part] += p.Count
	}
	l := Load(d.Secret(), has, epoch)
	l.d.hash = d.hash
	for i := range parts {
		l.Expect(i, counts[i], func(add func(Piece) error) error {
			for _, p := range parts[i] {
				if err := add(p); err != nil {
					return err
				}
			}
			return nil
		})
	}
	failure = new(error)
	loaded, settle = l.Finish(func(err error) { *failure = err })
	return loaded, settle, failure
}

// anyPlace is there.
func anyPlace(Entry) bool { return true }

// reload returns an index made of d's image, and what is left to do.
func reload(t testing.TB, d *Keydir) (loaded *Keydir, settle func()) {
	t.Helper()
	loaded, rest, failure := load(d, imageOf(t, d), anyPlace)
	return loaded, func() {
		rest()
		if *failure != nil {
			t.Error(*failure)
		}
	}
}

func TestImageOfAnEmptyIndex(t *testing.T) {
	d, settle := reload(t, New(epoch))
	settle()
	check(t, d)
	put(t, d, "a", 1)
	if got := keysOf(d); !slices.Equal(got, []string{"a"}) {
		t.Errorf("keys: got %q", got)
	}
}

// Until it is settled an index takes every change that does not wait for it.
func TestChangesBeforeAnImageIsSettled(t *testing.T) {
	d := New(epoch)
	for i := range 1000 {
		putUntil(t, d, fmt.Sprintf("key:%d", i), 1, epoch+1000)
	}
	d, settle := reload(t, d)
	remove(t, d, "key:7")
	remove(t, d, "key:8")
	put(t, d, "key:8", 2)
	put(t, d, "key:8888", 3)
	d.SetDeadline(d.Hash("key:9"), "key:9", 0)
	snapshot := d.Snapshot()
	defer snapshot.Close()
	remove(t, d, "key:10")
	settle()
	check(t, d)
	if n, _ := d.Expire(epoch+1000, 10_000, func(Entry) {}); n != 1000-4 {
		t.Errorf("expired: got %d, want %d", n, 1000-4)
	}
	if got, want := keysOf(d), []string{"key:8", "key:8888", "key:9"}; !slices.Equal(got, want) {
		t.Errorf("keys: got %q, want %q", got, want)
	}
	if n := snapshot.Count(0); n != 1000 {
		t.Errorf("snapshot: got %d keys, want 1000", n)
	}
}

// What has a sound checksum and makes no sense anyway is refused.
func TestImagesThatSaveHasNotMade(t *testing.T) {
	d := New(epoch)
	for i := range 500 {
		putUntil(t, d, fmt.Sprintf("key:%d", i), 1, epoch+1000)
	}
	whole := imageOf(t, d)
	for i, p := range whole {
		for name, change := range map[string]func(*Piece){
			"cut short":     func(p *Piece) { p.Data = p.Data[:len(p.Data)-1] },
			"one too few":   func(p *Piece) { p.Count-- },
			"one too many":  func(p *Piece) { p.Count++ },
			"a byte behind": func(p *Piece) { p.Data = append(slices.Clone(p.Data), 0) },
			"other stripe":  func(p *Piece) { p.Part = (p.Part + 1) % stripeCount },
		} {
			pieces := slices.Clone(whole)
			change(&pieces[i])
			if err := breaks(d, pieces); !errors.Is(err, errImage) {
				t.Errorf("piece %d, %s: got %v", i, name, err)
			}
		}
		if err := breaks(d, append(slices.Clone(whole), p)); !errors.Is(err, errImage) {
			t.Errorf("piece %d twice: got %v", i, err)
		}
	}
}

// breaks returns what becomes of an index made of these pieces.
func breaks(d *Keydir, pieces []Piece) error {
	_, settle, failure := load(d, pieces, anyPlace)
	settle()
	return *failure
}

// A segment that is not there must not be led to, and whoever asks first is
// told in time.
func TestImageOfSegmentsThatAreNotThere(t *testing.T) {
	d := New(epoch)
	put(t, d, "a", 7)
	loaded, settle, failure := load(d, imageOf(t, d), func(e Entry) bool { return e.Segment < 7 })
	loaded.Stripe(loaded.Hash("a")).RLock()
	if !errors.Is(*failure, errImage) {
		t.Errorf("got %v", *failure)
	}
	loaded.Stripe(loaded.Hash("a")).RUnlock()
	settle()
}

func BenchmarkLoad(b *testing.B) {
	keys := sessionKeys(million)
	for name, spread := range map[string]int64{"for ever": 0, "with deadlines": 3600_000} {
		d := New(epoch)
		fill(b, d, keys, spread)
		pieces := imageOf(b, d)
		b.Run(name, func(b *testing.B) {
			for range b.N {
				loaded, settle, failure := load(d, pieces, anyPlace)
				settle()
				if *failure != nil || loaded.Len() != million {
					b.Fatal(*failure)
				}
			}
		})
		b.Run(name+", save", func(b *testing.B) {
			for range b.N {
				if err := d.Save(func(n uint32) uint32 { return n }, func(Piece) error { return nil }); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
