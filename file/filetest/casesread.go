package filetest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing/fstest"
	"testing/iotest"
	"time"

	"github.com/spcent/plumego/store/file"
)

func readsFromAnyPlace(f *files) {
	for _, size := range sizes() {
		if size > 10_000 {
			continue // iotest reads it byte by byte
		}
		b := body(size, 1)
		f.put("f", b)
		if err := iotest.TestReader(f.open("f"), b); err != nil {
			f.Fatalf("%d bytes: %v", size, err)
		}
	}
	b := body(100_000, 1)
	f.put("f", b)
	h := f.open("f")
	rng := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		from := rng.IntN(len(b) + 10)
		part := make([]byte, rng.IntN(5000))
		n, err := h.ReadAt(part, int64(from))
		want := b[min(from, len(b)):min(from+len(part), len(b))]
		if !bytes.Equal(part[:n], want) || (err != nil) != (n < len(part)) || err != nil && err != io.EOF {
			f.Fatalf("ReadAt(%d bytes, %d) = %d, %v", len(part), from, n, err)
		}
	}
	if _, err := h.Seek(-1, io.SeekStart); err == nil {
		f.Fatal("Seek before the start")
	}
	if _, err := h.Seek(0, 7); err == nil {
		f.Fatal("Seek from nowhere")
	}
	if _, err := h.ReadAt(make([]byte, 1), -1); err == nil {
		f.Fatal("ReadAt before the start")
	}
	if at, err := h.Seek(1<<40, io.SeekStart); err != nil || at != 1<<40 {
		f.Fatalf("Seek behind the end: %d, %v", at, err)
	}
	if n, err := h.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		f.Fatalf("Read behind the end: %d, %v", n, err)
	}
}

func readsAtOnce(f *files) {
	b := body(100_000, 1)
	f.put("f", b)
	h := f.open("f")
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(g), 3))
			for range 50 {
				from := rng.IntN(len(b))
				part := make([]byte, rng.IntN(len(b)-from))
				if n, err := h.ReadAt(part, int64(from)); err != nil || !bytes.Equal(part[:n], b[from:from+len(part)]) {
					f.Errorf("ReadAt(%d bytes, %d) = %d, %v", len(part), from, n, err)
				}
			}
		})
	}
	wg.Wait()
}

func openFilesStay(f *files) {
	for _, size := range []int{10, 5000} {
		b := body(size, 1)
		for name, change := range map[string]func() error{
			"replaced": func() error { f.put("f", body(size, 2)); return nil },
			"deleted":  func() error { return f.Delete(f.Context(), "f") },
			"moved":    func() error { _, err := f.Move(f.Context(), "f", "g"); return err },
			"moved and replaced": func() error {
				_, err := f.Move(f.Context(), "f", "g")
				f.put("g", []byte("x"))
				return err
			},
			"another moved here": func() error {
				f.put("g", body(size, 3))
				_, err := f.Move(f.Context(), "g", "f")
				return err
			},
		} {
			f.put("f", b)
			early, late := f.open("f"), f.open("f")
			half := make([]byte, size/2)
			if _, err := io.ReadFull(early, half); err != nil {
				f.Fatal(err)
			}
			if err := change(); err != nil {
				f.Fatal(err)
			}
			rest, err := io.ReadAll(early)
			if err != nil || !bytes.Equal(append(half, rest...), b) {
				f.Fatalf("%s: read %d more bytes, %v", name, len(rest), err)
			}
			early.Close()
			all, err := io.ReadAll(late)
			if err != nil || !bytes.Equal(all, b) {
				f.Fatalf("%s: read %d bytes, %v", name, len(all), err)
			}
			late.Close()
		}
	}
}

func closedIsClosed(f *files) {
	f.put("f", body(5000, 1))
	h := f.open("f")
	if err := h.Close(); err != nil {
		f.Fatal(err)
	}
	_, err := h.Read(make([]byte, 1))
	f.wantErr("Read", err, file.ErrClosed)
	f.wantErr("Read", err, fs.ErrClosed)
	_, err = h.ReadAt(make([]byte, 1), 0)
	f.wantErr("ReadAt", err, file.ErrClosed)
	_, err = h.Seek(0, io.SeekStart)
	f.wantErr("Seek", err, file.ErrClosed)
	f.wantErr("Close", h.Close(), file.ErrClosed)
	if h.Stat().Size != 5000 {
		f.Fatal("Stat after Close")
	}
}

func cancelledRead(f *files) {
	f.put("f", body(5000, 1))
	ctx, cancel := context.WithCancel(f.Context())
	h, err := f.Get(ctx, "f")
	if err != nil {
		f.Fatal(err)
	}
	defer h.Close()
	if _, err := io.ReadFull(h, make([]byte, 100)); err != nil {
		f.Fatal(err)
	}
	cancel()
	_, err = io.ReadAll(h)
	f.wantErr("Read", err, context.Canceled)
	_, err = h.ReadAt(make([]byte, 1), 4000)
	f.wantErr("ReadAt", err, context.Canceled)
}

func viewIsFS(f *files) {
	names := []string{"a", "b/c", "b/d/e", "b/d/f.txt", "long/" + string(bytes.Repeat([]byte("x"), 300)), "z"}
	for i, name := range names {
		f.put(name, body(700*i, 1))
	}
	view := file.FS(f.Context(), f)
	if err := fstest.TestFS(view, names...); err != nil {
		f.Fatal(err)
	}
	for i, name := range names {
		if got, err := fs.ReadFile(view, name); err != nil || !bytes.Equal(got, body(700*i, 1)) {
			f.Fatalf("ReadFile: %d bytes, %v", len(got), err)
		}
	}
	for _, name := range []string{"nobody", "a/b", "b/d/e/f"} {
		if _, err := view.Open(name); !errors.Is(err, fs.ErrNotExist) {
			f.Fatalf("Open(%q): %v", name, err)
		}
	}
	for _, name := range []string{"", "/", "../a", "a/", "./a"} {
		if _, err := view.Open(name); !errors.Is(err, fs.ErrInvalid) {
			f.Fatalf("Open(%q): %v", name, err)
		}
	}
}

func viewShadows(f *files) {
	f.put("a", []byte("hidden"))
	f.put("a/b", []byte("seen"))
	f.put("a.txt", []byte("seen"))
	if err := fstest.TestFS(file.FS(f.Context(), f), "a", "a/b", "a.txt"); err != nil {
		f.Fatal(err)
	}
	f.put("old/b", nil, file.PutOptions{TTL: time.Second})
	f.clock.Pass(time.Second)
	if _, err := fs.Stat(file.FS(f.Context(), f), "old"); !errors.Is(err, fs.ErrNotExist) {
		f.Fatalf("a directory of expired files: %v", err)
	}
}

func servesRanges(f *files) {
	b := body(5000, 1)
	stat := f.put("f", b, file.PutOptions{ContentType: "image/png"})
	serve := func(header, value string) *http.Response {
		h := f.open("f")
		defer h.Close()
		w, r := httptest.NewRecorder(), httptest.NewRequest("GET", "/f", nil)
		r.Header.Set(header, value)
		w.Header().Set("ETag", `"`+h.Stat().ETag+`"`)
		w.Header().Set("Content-Type", h.Stat().ContentType)
		http.ServeContent(w, r, "", h.Stat().Modified, h)
		return w.Result()
	}
	for header, want := range map[string][]byte{"bytes=1000-2999": b[1000:3000], "bytes=-10": b[4990:], "": b} {
		got := serve("Range", header)
		all, err := io.ReadAll(got.Body)
		if err != nil || !bytes.Equal(all, want) || got.Header.Get("Content-Type") != "image/png" {
			f.Fatalf("Range %q: %s, %d bytes, %v", header, got.Status, len(all), err)
		}
	}
	if got := serve("If-None-Match", `"`+stat.ETag+`"`); got.StatusCode != http.StatusNotModified {
		f.Fatalf("If-None-Match: %s", got.Status)
	}
	w := httptest.NewRecorder()
	r := httptest.NewRequest("GET", "/f", nil)
	r.Header.Set("Range", "bytes=10-19")
	http.FileServerFS(file.FS(f.Context(), f)).ServeHTTP(w, r)
	if w.Code != http.StatusPartialContent || !bytes.Equal(w.Body.Bytes(), b[10:20]) {
		f.Fatalf("FileServerFS: %d, %d bytes", w.Code, w.Body.Len())
	}
}
