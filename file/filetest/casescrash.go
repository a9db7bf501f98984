package filetest

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/spcent/plumego/store/file"
)

// deed is something that changes the file "f", and maybe "g". Before it, f has
// the body old and g has none.
type deed struct {
	name string
	run  func(s *file.KVStorage, f *kvFiles) error
	f, g []byte // the bodies after it; nil: no file
}

// deeds are those on a file with this body before it.
func deeds(old []byte) (all []deed) {
	for _, size := range []int{20, 1500} {
		b := body(size, 9)
		all = append(all, deed{fmt.Sprintf("replaced by %d bytes", size), func(s *file.KVStorage, f *kvFiles) error {
			_, err := s.Put(f.Context(), "f", bytes.NewReader(b), file.PutOptions{})
			return err
		}, b, nil}, deed{fmt.Sprintf("%d bytes put beside it", size), func(s *file.KVStorage, f *kvFiles) error {
			_, err := s.Put(f.Context(), "g", bytes.NewReader(b), file.PutOptions{If: file.IfNoneMatch("*")})
			return err
		}, old, b})
	}
	return append(all,
		deed{"deleted", func(s *file.KVStorage, f *kvFiles) error { return s.Delete(f.Context(), "f") }, nil, nil},
		deed{"copied", func(s *file.KVStorage, f *kvFiles) error {
			_, err := s.Copy(f.Context(), "f", "g")
			return err
		}, old, old},
		deed{"moved", func(s *file.KVStorage, f *kvFiles) error {
			_, err := s.Move(f.Context(), "f", "g")
			return err
		}, nil, old},
		deed{"moved while it was read", func(s *file.KVStorage, f *kvFiles) error {
			h, err := s.Get(f.Context(), "f")
			if err != nil {
				return err
			}
			defer h.Close()
			_, err = s.Move(f.Context(), "f", "g")
			return err
		}, nil, old},
	)
}

// brokenEverywhere breaks each deed at each of its commits, in each way, and
// expects to find all as it was, or all as it was to be.
func brokenEverywhere(f *kvFiles) {
	broken := 0
	for _, size := range []int{20, 1200} {
		old := body(size, 8)
		for _, d := range deeds(old) {
			for _, kind := range breakages() {
				for at := 1; ; at++ {
					f.put("f", old)
					if err := f.Delete(f.Context(), "g"); err != nil {
						f.Fatal(err)
					}
					where := fmt.Sprintf("%d bytes %s, commit %d %s", size, d.name, at, kind.name)
					happened := f.breakOne(d, &breaker{KV: f.kv, at: at, kind: kind}, old, where)
					if !happened {
						break
					}
					broken++
				}
			}
		}
	}
	f.Logf("%d times broken", broken)
	if broken < 100 {
		f.Fatal("that are too few")
	}
}

// breakOne runs a deed over an engine that breaks, and expects a whole before
// or after, and after garbage collection no key too many. It reports whether
// the engine has broken.
func (f *kvFiles) breakOne(d deed, b *breaker, old []byte, where string) bool {
	f.Helper()
	s, err := file.NewKVStorage(b, f.options())
	if err != nil {
		f.Fatal(err)
	}
	said := d.run(s, f)
	happened := b.n >= b.at
	if said != nil && (!happened || !errors.Is(said, errBroken)) {
		f.Fatalf("%s: %v", where, said)
	}
	// Another process, or another life of this one.
	f.s, err = file.NewKVStorage(f.kv, f.options())
	if err != nil {
		f.Fatal(err)
	}
	f.Storage = f.s
	isOld, isNew := f.is("f", old) && f.is("g", nil), f.is("f", d.f) && f.is("g", d.g)
	if !isOld && !isNew {
		f.Fatalf("%s: neither before nor after", where)
	}
	if said == nil && !isNew {
		f.Fatalf("%s: said done, and is not", where)
	}
	f.gc()
	f.wantKeys()
	if report := f.gc(); report != (file.GCReport{}) {
		f.Fatalf("%s: a second collection finds %+v", where, report)
	}
	isOld, isNew = f.is("f", old) && f.is("g", nil), f.is("f", d.f) && f.is("g", d.g)
	if !isOld && !isNew {
		f.Fatalf("%s: garbage collection took what it should not", where)
	}
	return happened
}

// is reports whether a file has this body; nil: whether there is none.
func (f *kvFiles) is(name string, want []byte) bool {
	f.Helper()
	h, err := f.Get(f.Context(), name)
	if errors.Is(err, file.ErrNotFound) {
		return want == nil
	}
	if err != nil {
		f.Fatalf("Get: %v", err)
	}
	defer h.Close()
	got, err := io.ReadAll(h)
	if err != nil {
		f.Fatalf("a body that cannot be read: %v", err)
	}
	return want != nil && bytes.Equal(got, want)
}
