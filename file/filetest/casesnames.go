package filetest

import (
	"io/fs"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/spcent/plumego/store"
	"github.com/spcent/plumego/store/file"
)

// refused are names that no storage takes.
func refused() []string {
	return []string{
		"", ".", "..", "/", "/etc/passwd", "../secret", "a/../../secret", "a/..", "./a", "a/./b", "a//b", "a/",
		"a\x00b", "\x00", "\xff", "a/\xed\xa0\x80", strings.Repeat("x", file.MaxPath+1), strings.Repeat("x", 10_000),
		strings.Repeat("a/", 512) + "a",
	}
}

// taken are names that every storage takes, and keeps apart.
func taken() []string {
	return []string{
		"A", "a", "É", "é", "e\u0301", "E\u0301", "a.", "a ", " a", "a/.b", ".a", "...", "..a", "a..", "-rf", "~", "*", "?", "%", "%41", "=a", "+a",
		"con", "CON", "nul.txt", "aux", "com1", "LPT9.tar.gz", "a:b", "c:", `c:\windows`, `..\..\secret`, `a\b`, "a|b", `"a"`, "<a>",
		"a\nb", "a\tb", "\x01", "\x7f", "日本", "\u202eexe", "\ufeff",
		strings.Repeat("x", 255), strings.Repeat("x", 256), strings.Repeat("x", file.MaxPath), strings.Repeat("X", file.MaxPath),
		strings.Repeat("x", file.MaxPath-1) + "y", strings.Repeat("é", file.MaxPath/2), strings.Repeat("a/", 511) + "a",
	}
}

func hostileNames(f *files) {
	f.put("kept", []byte("kept"))
	for _, name := range refused() {
		f.wantRefused(name)
	}
	f.wantList(file.ListOptions{}, []string{"kept"})

	names := append(taken(), "kept")
	slices.Sort(names)
	for _, name := range names {
		f.put(name, []byte(name))
	}
	for _, name := range names {
		f.want(name, []byte(name))
	}
	f.wantList(file.ListOptions{}, names)
	for _, name := range names {
		if err := f.Delete(f.Context(), name); err != nil {
			f.Fatalf("Delete(%.40q): %v", name, err)
		}
		f.wantMissing(name)
	}
	f.wantList(file.ListOptions{}, nil)
}

// wantRefused expects that nothing takes the name.
func (f *files) wantRefused(name string) {
	f.Helper()
	_, err := f.tryPut(name, []byte("x"))
	f.wantErr("Put", err, file.ErrInvalidPath)
	f.wantErr("Put", err, fs.ErrInvalid)
	f.wantErr("Put", err, store.ErrInvalid)
	_, err = f.Get(f.Context(), name)
	f.wantErr("Get", err, file.ErrInvalidPath)
	_, err = f.Stat(f.Context(), name)
	f.wantErr("Stat", err, file.ErrInvalidPath)
	_, err = f.Exists(f.Context(), name)
	f.wantErr("Exists", err, file.ErrInvalidPath)
	f.wantErr("Delete", f.Delete(f.Context(), name), file.ErrInvalidPath)
	for _, pair := range [][2]string{{"kept", name}, {name, "kept"}, {name, name}} {
		_, err = f.Copy(f.Context(), pair[0], pair[1])
		f.wantErr("Copy", err, file.ErrInvalidPath)
		_, err = f.Move(f.Context(), pair[0], pair[1])
		f.wantErr("Move", err, file.ErrInvalidPath)
	}
	if _, err := f.List(f.Context(), file.ListOptions{Prefix: name + "/../kept"}); err != nil {
		f.wantErr("List", err, file.ErrInvalidPath)
	}
}

func randomNames(f *files) {
	pieces := []string{"a", "A", "/", "..", ".", "\x00", "\xff", "é", "\\", "%2F", "~", "=", "+", " ", "con", ":", strings.Repeat("z", 90)}
	seed := rand.Uint64()
	f.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	model := map[string]bool{}
	for range 300 {
		name := ""
		for range 1 + rng.IntN(8) {
			name += pieces[rng.IntN(len(pieces))]
		}
		if _, err := f.tryPut(name, []byte(name)); err != nil {
			f.wantErr("Put", err, file.ErrInvalidPath)
		} else {
			model[name] = true
		}
	}
	var names []string
	for name := range model {
		f.want(name, []byte(name))
		names = append(names, name)
	}
	slices.Sort(names)
	f.wantList(file.ListOptions{}, names)
}

func errorsAreDiscreet(f *files) {
	const secret = "s3cr3t"
	f.put("there", nil)
	_, err := f.Get(f.Context(), secret)
	f.wantDiscreet(err, secret)
	_, err = f.Stat(f.Context(), secret)
	f.wantDiscreet(err, secret)
	_, err = f.Copy(f.Context(), secret, "x")
	f.wantDiscreet(err, secret)
	_, err = f.Move(f.Context(), secret, "x")
	f.wantDiscreet(err, secret)
	_, err = f.tryPut("../"+secret, nil)
	f.wantDiscreet(err, secret)
	_, err = f.tryPut(secret, []byte("b"), file.PutOptions{SHA256: etag(nil)})
	f.wantDiscreet(err, secret, etag(nil))
	_, err = f.tryPut(secret, nil, file.PutOptions{Metadata: map[string]string{"": secret}})
	f.wantDiscreet(err, secret)
	f.wantDiscreet(f.Delete(f.Context(), secret, file.IfMatch(secret)), secret)
	_, err = f.List(f.Context(), file.ListOptions{Token: "!" + secret})
	f.wantDiscreet(err, secret)
}

func (f *files) wantDiscreet(err error, secrets ...string) {
	f.Helper()
	if err == nil || !strings.HasPrefix(err.Error(), "file: ") {
		f.Fatalf("error %v", err)
	}
	for _, secret := range secrets {
		if strings.Contains(err.Error(), secret) {
			f.Fatalf("the error tells: %v", err)
		}
	}
}
