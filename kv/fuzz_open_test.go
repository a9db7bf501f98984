package kv

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/spcent/plumego/store/internal/segment"
)

// FuzzOpenDir opens small directories that were a store and have been edited,
// sums made to hold again if the edits say so. Opening ends in a typed
// refusal that changes nothing, or in a store that can be used; it never
// panics, never believes a length, and never touches a file that is not the
// store's.
func FuzzOpenDir(f *testing.F) {
	closed := newSample(f, true, false)
	withCaches := closed.image
	for name, data := range closed.caches {
		withCaches = withCaches.with(name, data)
	}
	bases := []image{
		closed.image,
		newSample(f, false, false).image,
		oneSegment(f).withoutCaches(),
		{},
		withCaches,
		oneSegment(f),
	}
	for base := range bases {
		f.Add([]byte{byte(base)})
		for verb := range numVerbs {
			for file := range byte(4) {
				f.Add([]byte{byte(base), file, verb, 0, 20, 1, file, sums, 0, 0, 0})
				f.Add([]byte{byte(base), file, verb, 0, 70, 3, 'a', 'b', 'c', file, sums, 0, 0, 0})
			}
		}
	}
	f.Add(append([]byte{3, 0, replace, 0, 0, 200}, "plumego store manifest 1\nstore 0000000000000001\n"...))
	clock := newHandClock()
	f.Fuzz(func(t *testing.T, script []byte) {
		if len(script) == 0 || len(script) > 4<<10 {
			return
		}
		im := edit(bases[int(script[0])%len(bases)], script[1:])
		tryOpen(t, im.with("notes.txt", []byte("somebody's")), clock)
	})
}

// tryOpen is the property.
func tryOpen(t *testing.T, im image, clock *handClock) {
	d := im.disk(t)
	var s *KVStore
	var err error
	if n := allocated(func() { s, err = NewKVStore(onDisk(d, clock)) }); n > uint64(1<<20+8*im.bytes()) {
		t.Fatalf("%d bytes allocated to open %d", n, im.bytes())
	}
	if err != nil {
		if !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrNotAStore) && !errors.Is(err, ErrUnsupportedVersion) {
			t.Fatalf("refused without a reason: %v", err)
		}
		if name := im.with(segment.LockName, nil).differs(imageOf(t, d).with(segment.LockName, nil)); name != "" {
			t.Fatalf("refused (%v), and yet %s was changed", err, name)
		}
		return
	}
	want, err := holdings(s)
	if errors.Is(err, ErrCorrupt) && spared(s) {
		return
	}
	if err != nil {
		t.Fatalf("opened, and cannot be read: %v", err)
	}
	if err := s.Set("new", []byte("write"), 0); err != nil {
		t.Fatalf("opened, and cannot be written: %v", err)
	}
	want["new"] = holding{value: "write"}
	if _, err := s.Verify(context.Background()); err != nil && !spared(s) {
		t.Fatalf("opened, and does not verify: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatalf("opened, and cannot be closed: %v", err)
	}
	s, err = NewKVStore(onDisk(d, clock))
	if err != nil {
		t.Fatalf("does not open again: %v", err)
	}
	got, err := holdings(s)
	if err != nil || !got.equal(want) {
		t.Fatalf("holds something else when opened again: %v\n%v\n%v", err, want, got)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if data, err := d.ReadFile(imageDir, "notes.txt"); err != nil || string(data) != "somebody's" {
		t.Fatalf("a file of somebody else's was touched: %v", err)
	}
}

// spared reports whether opening the store was spared the reading of values,
// so that damage in them comes to light only when they are read.
func spared(s *KVStore) bool {
	r := s.Stats().Recovery
	return r.IndexLoaded || r.Hints > 0
}

// oneSegment returns a closed store with a few records.
func oneSegment(f *testing.F) image {
	d := newDisk(f)
	w := newScribe(f, d, newHandClock(), ledger{})
	w.set("a", "1", 0)
	w.incr("b", 2, 1<<40)
	w.delete("a")
	if err := w.s.Close(); err != nil {
		f.Fatal(err)
	}
	return imageOf(f, d)
}

// The verbs of an edit, which is
//
//	file, verb, offset high, offset low, length, bytes
const (
	overwrite byte = iota // put the bytes there
	insert                // put the bytes between
	cutOff                // end the file there
	replace               // the bytes are the file
	remove                // the file
	copyTo                // the file, to the name that length chooses
	sums                  // make the sums of the file hold
	numVerbs
)

// edit applies a script of edits. It never writes into the bytes of im.
func edit(im image, script []byte) image {
	names := []string{"MANIFEST", segment.Name(1), segment.Name(3), segment.Name(9), segment.Name(2), "LOCK", "MANIFEST.tmp", segment.IndexName, segment.HintName(1)}
	for len(script) >= 5 {
		name, verb := names[int(script[0])%len(names)], script[1]%numVerbs
		at, n := int(script[2])<<8|int(script[3]), int(script[4])
		script = script[5:]
		data := bytes.Clone(im[name])
		at = min(at, len(data))
		if verb == overwrite || verb == insert || verb == replace {
			n = min(n, len(script))
			arg := script[:n]
			script = script[n:]
			switch verb {
			case overwrite:
				data = append(data[:at], append(bytes.Clone(arg), data[min(at+n, len(data)):]...)...)
			case insert:
				data = append(data[:at], append(bytes.Clone(arg), data[at:]...)...)
			case replace:
				data = bytes.Clone(arg)
			}
			im = im.with(name, data)
			continue
		}
		switch verb {
		case cutOff:
			im = im.with(name, data[:at])
		case remove:
			im = im.without(name)
		case copyTo:
			im = im.with(names[n%len(names)], data)
		case sums:
			if isSegment(name) {
				im = im.with(name, sumHeader(data))
			} else {
				im = im.with(name, sumManifest(data))
			}
		}
	}
	return im
}
