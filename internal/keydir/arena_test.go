package keydir

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

func TestSizeClassesHoldTheirKeysAndWasteLittle(t *testing.T) {
	units := map[int]uint32{}
	for keyLen := range MaxKeySize + 1 {
		class, n := sizeClass(keyLen)
		need := headerSize + keyLen
		if got := int(n) * unit; got < need || got > need+need/8+unit {
			t.Fatalf("key of %d bytes: got %d bytes, want %d and little more", keyLen, got, need)
		}
		if known, ok := units[class]; ok && known != n {
			t.Fatalf("key of %d bytes: class %d is %d units and %d", keyLen, class, known, n)
		}
		units[class] = n
	}
	if len(units) > 120 {
		t.Errorf("got %d classes", len(units))
	}
}

func TestReleasedRoomIsUsedAgain(t *testing.T) {
	d := New(epoch)
	fill := func(prefix string) {
		for i := range 10_000 {
			put(t, d, fmt.Sprintf("%s%0*d", prefix, 20+i%3*20, i), uint32(i))
		}
	}
	fill("a")
	before := d.stripesHeap()
	for round := range 10 {
		for _, key := range keysOf(d) {
			remove(t, d, key)
		}
		d.Fold()
		fill(string(rune('b' + round)))
	}
	check(t, d)
	// How many keys of a class a stripe gets differs from round to round.
	if after := d.stripesHeap(); after > before*3/2 {
		t.Errorf("arenas: got %d bytes after ten rounds, %d after the first", after, before)
	}
}

func (d *Keydir) stripesHeap() (n int64) {
	for i := range d.stripes {
		n += d.stripes[i].arena.heap
	}
	return n
}

func TestLastReleasedIsFirstUsed(t *testing.T) {
	var a arena
	a.init()
	refs := make([]uint32, 3)
	for i := range refs {
		refs[i] = a.alloc(40)
		setKey(a.at(refs[i]), strings.Repeat("k", 40))
	}
	for _, ref := range refs {
		a.release(ref)
	}
	for i := len(refs) - 1; i >= 0; i-- {
		if got := a.alloc(39); got != refs[i] {
			t.Errorf("got ref %d, want %d", got, refs[i])
		}
	}
}

func TestKeysStayWhereTheyWereWhileTheArenaGrows(t *testing.T) {
	var a arena
	a.init()
	first := a.alloc(10)
	setKey(a.at(first), "first key.")
	early := a.at(first) // in the chunk that is soon copied
	for a.heap < 10*chunkUnits*unit {
		a.alloc(1000)
		a.alloc(9000)
	}
	for _, p := range []packed{early, a.at(first)} {
		if !bytes.Equal(p.key(), []byte("first key.")) {
			t.Errorf("got key %q", p.key())
		}
	}
}

func TestFirstChunkMayComeAfterALongKey(t *testing.T) {
	var a arena
	a.init()
	long, short := a.alloc(MaxKeySize), a.alloc(1)
	setKey(a.at(long), strings.Repeat("l", MaxKeySize))
	setKey(a.at(short), "s")
	if long == 0 || short == 0 || string(a.at(short).key()) != "s" || len(a.at(long).key()) != MaxKeySize {
		t.Errorf("got refs %d and %d", long, short)
	}
}
