package filetest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"strings"
	"testing/iotest"
	"time"

	"github.com/spcent/plumego/store"
	"github.com/spcent/plumego/store/file"
)

func putIsGot(f *files) {
	for _, size := range sizes() {
		for seed := range uint64(2) { // the second in the place of the first
			b := body(size, seed)
			stat := f.put("dir/name", b)
			f.want("dir/name", b)
			got, err := f.Stat(f.Context(), "dir/name")
			if err != nil {
				f.Fatal(err)
			}
			equalStats(f.T, stat, got)
			if !stat.Modified.Equal(f.clock.Now()) || !stat.Expires.IsZero() {
				f.Fatalf("modified %v, expires %v", stat.Modified, stat.Expires)
			}
			if err := file.Verify(f.Context(), f, "dir/name"); err != nil {
				f.Fatal(err)
			}
		}
	}
}

func bodiesComeInPieces(f *files) {
	b := body(3000, 1)
	for name, wrap := range map[string]func(io.Reader) io.Reader{
		"byte by byte":       iotest.OneByteReader,
		"halves":             iotest.HalfReader,
		"the end with bytes": iotest.DataErrReader,
		"nothing at times":   func(r io.Reader) io.Reader { return &hesitant{r: r} },
	} {
		_, err := f.Put(f.Context(), "f", wrap(bytes.NewReader(b)), file.PutOptions{})
		if err != nil {
			f.Fatalf("%s: %v", name, err)
		}
		f.want("f", b)
	}
	_, err := f.Put(f.Context(), "f", readerFunc(func([]byte) (int, error) { return 0, nil }), file.PutOptions{})
	f.wantErr("Put of a reader that never returns anything", err, io.ErrNoProgress)
	f.want("f", b)
}

// hesitant returns nothing every other time.
type hesitant struct {
	r     io.Reader
	calls int
}

func (h *hesitant) Read(p []byte) (int, error) {
	if h.calls++; h.calls%2 == 1 {
		return 0, nil
	}
	return h.r.Read(p[:min(len(p), 100)])
}

type readerFunc func([]byte) (int, error)

func (fn readerFunc) Read(p []byte) (int, error) { return fn(p) }

func contentTypes(f *files) {
	for _, c := range []struct {
		body, given, want string
	}{
		{"<html><body>", "", "text/html; charset=utf-8"},
		{"\x89PNG\r\n\x1a\n" + strings.Repeat("x", 4000), "", "image/png"},
		{"", "", "text/plain; charset=utf-8"},
		{"<html>", "application/json", "application/json"},
	} {
		stat := f.put("f", []byte(c.body), file.PutOptions{ContentType: c.given})
		if stat.ContentType != c.want {
			f.Fatalf("got %q, want %q", stat.ContentType, c.want)
		}
		f.want("f", []byte(c.body))
	}
}

func metadataAreKept(f *files) {
	metadata := map[string]string{"author": "me", "日本": "", "n": strings.Repeat("v", 5000)}
	for _, size := range []int{10, 5000} {
		stat := f.put("f", body(size, 1), file.PutOptions{Metadata: metadata})
		stat.Metadata["author"] = "you"
		got, err := f.Stat(f.Context(), "f")
		if err != nil {
			f.Fatal(err)
		}
		stat.Metadata["author"] = "me"
		equalStats(f.T, stat, got)
		h := f.open("f")
		h.Stat().Metadata["author"] = "you"
		if got := h.Stat().Metadata; got["author"] != "me" || len(got) != 3 {
			f.Fatalf("metadata %v", got)
		}
	}
	for _, none := range []map[string]string{nil, {}} {
		if stat := f.put("f", nil, file.PutOptions{Metadata: none}); stat.Metadata != nil {
			f.Fatalf("a put without metadata has %v", stat.Metadata)
		}
	}
	if len(metadata) != 3 || metadata["author"] != "me" {
		f.Fatal("the caller's metadata were changed")
	}
}

func missingIsNotFound(f *files) {
	f.put("a/b", nil)
	for _, name := range []string{"a", "a/b/c", "b", "A/b", "a/b "} {
		f.wantMissing(name)
	}
	_, err := f.Get(f.Context(), "a")
	if !errors.Is(err, fs.ErrNotExist) || !errors.Is(err, store.ErrNotFound) {
		f.Fatalf("%v", err)
	}
}

func deleteRemoves(f *files) {
	for _, size := range sizes() {
		f.put("a", body(size, 1))
		f.put("b", body(size, 2))
		for range 2 {
			if err := f.Delete(f.Context(), "a"); err != nil {
				f.Fatal(err)
			}
			f.wantMissing("a")
			f.want("b", body(size, 2))
		}
	}
}

var errSource = errors.New("the source is dry")

func failedBodiesChangeNothing(f *files) {
	for _, size := range sizes() {
		source := io.MultiReader(bytes.NewReader(body(size, 1)), iotest.ErrReader(errSource))
		_, err := f.Put(f.Context(), "f", source, file.PutOptions{})
		f.wantErr("Put", err, errSource)
		f.wantMissing("f")
	}
	f.put("f", []byte("before"))
	for _, size := range sizes() {
		source := io.MultiReader(bytes.NewReader(body(size, 1)), iotest.ErrReader(errSource))
		_, err := f.Put(f.Context(), "f", source, file.PutOptions{})
		f.wantErr("Put", err, errSource)
		f.want("f", []byte("before"))
	}
}

func announcedBodies(f *files) {
	f.put("f", []byte("before"))
	for _, size := range sizes() {
		b := body(size, 1)
		_, err := f.tryPut("f", b, file.PutOptions{Size: int64(size + 1)})
		f.wantErr("Put of less than announced", err, file.ErrInvalidSize)
		if size > 1 {
			_, err = f.tryPut("f", b, file.PutOptions{Size: int64(size - 1)})
			f.wantErr("Put of more than announced", err, file.ErrInvalidSize)
		}
		_, err = f.tryPut("f", b, file.PutOptions{SHA256: etag(body(size, 1000))[1:] + "0"})
		f.wantErr("Put of another body than announced", err, file.ErrChecksum)
		f.want("f", []byte("before"))
		f.put("g", b, file.PutOptions{Size: int64(size), SHA256: strings.ToUpper(etag(b))})
		f.want("g", b)
	}
}

func badOptions(f *files) {
	for name, opts := range map[string]file.PutOptions{
		"negative TTL":             {TTL: -1},
		"negative size":            {Size: -1},
		"no digest":                {SHA256: "abc"},
		"too short a digest":       {SHA256: "abcd"},
		"a line break":             {ContentType: "text/plain\r\nX: y"},
		"too long a type":          {ContentType: strings.Repeat("x", file.MaxContentType+1)},
		"a key without a name":     {Metadata: map[string]string{"": "v"}},
		"metadata that is no text": {Metadata: map[string]string{"k": "\xff"}},
		"too much metadata":        {Metadata: map[string]string{"k": strings.Repeat("v", file.MaxMetadata)}},
	} {
		_, err := f.tryPut("f", nil, opts)
		f.wantErr(name, err, file.ErrInvalidOption)
		f.wantErr(name, err, store.ErrInvalid)
	}
	for name, opts := range map[string]file.ListOptions{
		"negative limit": {Limit: -1},
		"limit":          {Limit: file.MaxPage + 1},
		"token":          {Token: "!"},
	} {
		_, err := f.List(f.Context(), opts)
		f.wantErr(name, err, file.ErrInvalidOption)
	}
	f.wantErr("two conditions", f.Delete(f.Context(), "f", file.IfMatch("a"), file.IfMatch("b")), file.ErrInvalidOption)
	f.wantList(file.ListOptions{}, nil)
}

func doneContextStops(f *files) {
	f.put("f", []byte("before"))
	ctx, cancel := context.WithCancelCause(f.Context())
	cancel(nil)
	_, err := f.Put(ctx, "f", strings.NewReader("after"), file.PutOptions{})
	f.wantErr("Put", err, context.Canceled)
	_, err = f.Get(ctx, "f")
	f.wantErr("Get", err, context.Canceled)
	_, err = f.Stat(ctx, "f")
	f.wantErr("Stat", err, context.Canceled)
	_, err = f.Exists(ctx, "f")
	f.wantErr("Exists", err, context.Canceled)
	f.wantErr("Delete", f.Delete(ctx, "f"), context.Canceled)
	_, err = f.List(ctx, file.ListOptions{})
	f.wantErr("List", err, context.Canceled)
	_, err = f.Copy(ctx, "f", "g")
	f.wantErr("Copy", err, context.Canceled)
	_, err = f.Move(ctx, "f", "g")
	f.wantErr("Move", err, context.Canceled)
	f.want("f", []byte("before"))
	f.wantMissing("g")
}

func cancelledPut(f *files) {
	f.put("f", []byte("before"))
	for _, size := range sizes() {
		ctx, cancel := context.WithCancel(f.Context())
		source := io.MultiReader(bytes.NewReader(body(size, 1)), readerFunc(func([]byte) (int, error) {
			cancel()
			return 0, nil
		}))
		_, err := f.Put(ctx, "f", source, file.PutOptions{})
		f.wantErr("Put", err, context.Canceled)
		f.want("f", []byte("before"))
	}
}

func createOnly(f *files) {
	create := file.PutOptions{If: file.IfNoneMatch("*")}
	for _, size := range sizes() {
		f.put("f", body(size, 1), create)
		_, err := f.tryPut("f", body(size, 2), create)
		f.wantErr("Put", err, file.ErrExists)
		f.wantErr("Put", err, fs.ErrExist)
		f.wantErr("Put", err, store.ErrConflict)
		f.want("f", body(size, 1))
		if err := f.Delete(f.Context(), "f"); err != nil {
			f.Fatal(err)
		}
	}
	f.put("f", nil, file.PutOptions{TTL: time.Second})
	f.clock.Pass(time.Second)
	f.put("f", []byte("x"), create)
	f.want("f", []byte("x"))
}

func ifMatch(f *files) {
	one, two := body(10, 1), body(2000, 2)
	for _, c := range []file.Condition{file.IfMatch("*"), file.IfMatch(etag(one))} {
		_, err := f.tryPut("f", two, file.PutOptions{If: c})
		f.wantErr("Put in the place of nothing", err, file.ErrPreconditionFailed)
		f.wantErr("Delete of nothing", f.Delete(f.Context(), "f", c), file.ErrPreconditionFailed)
	}
	f.put("f", one, file.PutOptions{If: file.IfNoneMatch(etag(one))})
	for _, c := range []file.Condition{file.IfMatch(etag(two)), file.IfNoneMatch(etag(one))} {
		_, err := f.tryPut("f", two, file.PutOptions{If: c})
		f.wantErr("Put", err, file.ErrPreconditionFailed)
		f.wantErr("Delete", f.Delete(f.Context(), "f", c), file.ErrPreconditionFailed)
		f.put("g", two)
		_, err = f.Copy(f.Context(), "g", "f", c)
		f.wantErr("Copy", err, file.ErrPreconditionFailed)
		_, err = f.Move(f.Context(), "g", "f", c)
		f.wantErr("Move", err, file.ErrPreconditionFailed)
		f.want("f", one)
		f.want("g", two)
	}
	f.put("f", two, file.PutOptions{If: file.Condition{Match: etag(one), NoneMatch: etag(two)}})
	f.want("f", two)
	f.put("f", one, file.PutOptions{If: file.IfMatch("*")})
	f.put("g", two)
	if _, err := f.Copy(f.Context(), "g", "f", file.IfMatch(etag(one))); err != nil {
		f.Fatal(err)
	}
	if _, err := f.Move(f.Context(), "g", "f", file.IfMatch(etag(two)), file.IfNoneMatch(etag(one))); err != nil {
		f.Fatal(err)
	}
	if err := f.Delete(f.Context(), "f", file.IfMatch(etag(two))); err != nil {
		f.Fatal(err)
	}
	f.wantList(file.ListOptions{}, nil)
}
