package filetest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spcent/plumego/store/file"
)

// some names, in ascending order of their bytes.
func someNames() []string {
	return []string{"A", "a", "a b", "a!", "a.b", "a/b", "a/b/c", "a/c", "a0", "b", "é", "日本/a", "日本/b", "日本/" + strings.Repeat("b", 300)}
}

func listsAreOrdered(f *files) {
	names := someNames()
	for _, i := range []int{7, 3, 11, 0, 13, 5, 1, 9, 2, 12, 4, 10, 6, 8} {
		f.put(names[i], body(100*i, 1))
	}
	f.wantList(file.ListOptions{}, names)
	for _, prefix := range []string{"a", "a/", "a/b", "日", "\xe6", "日本/b", "nobody", "/", "a/b/c", "a//"} {
		var want []string
		for _, name := range names {
			if strings.HasPrefix(name, prefix) {
				want = append(want, name)
			}
		}
		f.wantList(file.ListOptions{Prefix: prefix}, want)
	}
}

func listsByDelimiter(f *files) {
	for _, name := range someNames() {
		f.put(name, []byte(name))
	}
	f.wantList(file.ListOptions{Delimiter: "/"},
		[]string{"A", "a", "a b", "a!", "a.b", "a0", "b", "é"}, "a/", "日本/")
	f.wantList(file.ListOptions{Delimiter: "/", Prefix: "a"},
		[]string{"a", "a b", "a!", "a.b", "a0"}, "a/")
	f.wantList(file.ListOptions{Delimiter: "/", Prefix: "a/"}, []string{"a/b", "a/c"}, "a/b/")
	f.wantList(file.ListOptions{Delimiter: "/", Prefix: "a/b"}, []string{"a/b"}, "a/b/")
	f.wantList(file.ListOptions{Delimiter: "b", Prefix: "a"}, []string{"a", "a!", "a/c", "a0"}, "a b", "a.b", "a/b")
}

func pagesJoin(f *files) {
	var names []string
	for i := range 20 {
		names = append(names, fmt.Sprintf("%02d", i), fmt.Sprintf("%02d/a", i), fmt.Sprintf("%02d/b", i))
	}
	slices.Sort(names)
	for _, name := range names {
		f.put(name, nil)
	}
	for limit := 1; limit < 62; limit++ {
		var got []string
		opts := file.ListOptions{Limit: limit}
		for pages := 1; ; pages++ {
			page := f.list(opts)
			got = append(got, paths(page)...)
			if len(page.Files) > limit || len(page.Files) == 0 {
				f.Fatalf("a page of %d, limit %d", len(page.Files), limit)
			}
			if opts.Token = page.Next; page.Next == "" {
				if want := (len(names) + limit - 1) / limit; pages != want {
					f.Fatalf("%d pages of %d, want %d", pages, limit, want)
				}
				break
			}
		}
		if !slices.Equal(got, names) {
			f.Fatalf("pages of %d: %q", limit, got)
		}
	}
	for limit := 1; limit < 42; limit++ {
		n, opts := 0, file.ListOptions{Limit: limit, Delimiter: "/"}
		for {
			page := f.list(opts)
			n += len(page.Files) + len(page.Prefixes)
			if len(page.Files)+len(page.Prefixes) > limit {
				f.Fatalf("a page of %d and %d, limit %d", len(page.Files), len(page.Prefixes), limit)
			}
			if opts.Token = page.Next; page.Next == "" {
				break
			}
		}
		if n != 40 {
			f.Fatalf("pages of %d have %d entries", limit, n)
		}
	}
}

func tokensStay(f *files) {
	for _, name := range []string{"a", "b", "c", "d"} {
		f.put(name, nil)
	}
	page := f.wantList(file.ListOptions{Limit: 2}, []string{"a", "b"})
	for _, name := range []string{"b", "c"} {
		if err := f.Delete(f.Context(), name); err != nil {
			f.Fatal(err)
		}
	}
	f.put("bb", nil)
	f.wantList(file.ListOptions{Limit: 2, Token: page.Next}, []string{"d"})
}

func expiredIsAbsent(f *files) {
	for _, size := range []int{10, 5000} {
		stat := f.put("f", body(size, 1), file.PutOptions{TTL: time.Second})
		if want := f.clock.Now().Add(time.Second); !stat.Expires.Equal(want) {
			f.Fatalf("expires %v, want %v", stat.Expires, want)
		}
		f.clock.Pass(time.Second - time.Millisecond)
		f.want("f", body(size, 1))
		f.clock.Pass(time.Millisecond)
		f.wantMissing("f")
		_, err := f.Copy(f.Context(), "f", "g")
		f.wantErr("Copy", err, file.ErrNotFound)
		_, err = f.Move(f.Context(), "f", "g")
		f.wantErr("Move", err, file.ErrNotFound)
		_, err = f.tryPut("f", nil, file.PutOptions{If: file.IfMatch("*")})
		f.wantErr("Put", err, file.ErrPreconditionFailed)
		if err := f.Delete(f.Context(), "f"); err != nil {
			f.Fatal(err)
		}

		f.put("f", body(size, 2), file.PutOptions{TTL: time.Second})
		f.put("f", body(size, 3))
		f.clock.Pass(time.Hour)
		f.want("f", body(size, 3))
	}
}

func listsLeaveOutExpired(f *files) {
	for _, name := range []string{"a", "b/c", "b/d", "e/f", "g"} {
		opts := file.PutOptions{TTL: time.Second}
		if name == "b/d" || name == "g" {
			opts.TTL = time.Minute
		}
		f.put(name, body(2000, 1), opts)
	}
	f.clock.Pass(time.Second)
	f.wantList(file.ListOptions{}, []string{"b/d", "g"})
	f.wantList(file.ListOptions{Delimiter: "/"}, []string{"g"}, "b/")
	page := f.wantList(file.ListOptions{Limit: 1}, []string{"b/d"})
	f.wantList(file.ListOptions{Limit: 1, Token: page.Next}, []string{"g"})
}

func openFilesStayPastExpiry(f *files) {
	for _, size := range []int{10, 5000} {
		f.put("f", body(size, 1), file.PutOptions{TTL: time.Second})
		h := f.open("f")
		f.clock.Pass(time.Hour)
		f.wantBody(h, body(size, 1))
	}
}

func copies(f *files) {
	opts := file.PutOptions{ContentType: "x/y", Metadata: map[string]string{"k": "v"}, TTL: time.Minute}
	for _, size := range sizes() {
		b := body(size, 1)
		f.put("from", b, opts)
		f.put("to", body(size, 2))
		f.clock.Pass(time.Second)
		stat, err := f.Copy(f.Context(), "from", "to")
		if err != nil {
			f.Fatal(err)
		}
		f.want("to", b)
		f.want("from", b)
		source, err := f.Stat(f.Context(), "from")
		if err != nil {
			f.Fatal(err)
		}
		if !stat.Modified.Equal(f.clock.Now()) {
			f.Fatalf("a copy is of %v", stat.Modified)
		}
		source.Path, source.Modified = "to", stat.Modified
		equalStats(f.T, source, stat)
		f.put("from", nil)
		f.want("to", b)
		f.clock.Pass(time.Minute)
		f.wantMissing("to")
	}
	_, err := f.Copy(f.Context(), "nobody", "to")
	f.wantErr("Copy", err, file.ErrNotFound)
}

func moves(f *files) {
	opts := file.PutOptions{ContentType: "x/y", Metadata: map[string]string{"k": "v"}, TTL: time.Minute}
	for _, size := range sizes() {
		b := body(size, 1)
		want := f.put("from", b, opts)
		f.put("to", body(size, 2))
		f.clock.Pass(time.Second)
		stat, err := f.Move(f.Context(), "from", "to")
		if err != nil {
			f.Fatal(err)
		}
		f.wantMissing("from")
		f.want("to", b)
		want.Path = "to"
		equalStats(f.T, want, stat)
		if _, err := f.Move(f.Context(), "to", "from"); err != nil {
			f.Fatal(err)
		}
		f.want("from", b)
		f.wantMissing("to")
		f.clock.Pass(time.Minute)
		f.wantMissing("from")
	}
	_, err := f.Move(f.Context(), "nobody", "to")
	f.wantErr("Move", err, file.ErrNotFound)
}

func toItself(f *files) {
	for _, size := range []int{10, 5000} {
		f.put("f", body(size, 1))
		if _, err := f.Move(f.Context(), "f", "f"); err != nil {
			f.Fatal(err)
		}
		f.want("f", body(size, 1))
		if _, err := f.Copy(f.Context(), "f", "f"); err != nil {
			f.Fatal(err)
		}
		f.want("f", body(size, 1))
	}
	_, err := f.Move(f.Context(), "nobody", "nobody")
	f.wantErr("Move", err, file.ErrNotFound)
	_, err = f.Move(f.Context(), "f", "f", file.IfNoneMatch("*"))
	f.wantErr("Move", err, file.ErrExists)
}
