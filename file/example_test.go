package file_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/spcent/plumego/store/file"
	kvstore "github.com/spcent/plumego/store/kv"
)

// Files beside the state they belong to. Chunks of large bodies need not be
// durable one by one, since the manifest that follows them is.
func Example() {
	kv, err := kvstore.NewKVStore(kvstore.Options{InMemory: true})
	if err != nil {
		panic(err)
	}
	defer kv.Close()
	files, err := file.NewKVStorage(kv.KV(), file.KVOptions{Bulk: kv.WithSync(kvstore.SyncNever).KV()})
	if err != nil {
		panic(err)
	}
	if _, err := files.GC(context.Background()); err != nil { // what a crash has left
		panic(err)
	}

	ctx := context.Background()
	stat, err := files.Put(ctx, "notes/today.txt", strings.NewReader("buy milk"), file.PutOptions{})
	fmt.Println(stat.Path, stat.Size, stat.ContentType, stat.ETag[:8], err)

	// Only if nobody has changed it meanwhile.
	_, err = files.Put(ctx, "notes/today.txt", strings.NewReader("buy bread"), file.PutOptions{If: file.IfMatch("another")})
	fmt.Println(errors.Is(err, file.ErrPreconditionFailed))

	f, err := files.Get(ctx, "notes/today.txt")
	if err != nil {
		panic(err)
	}
	defer f.Close()
	body, err := io.ReadAll(f)
	fmt.Println(string(body), err)
	// Output:
	// notes/today.txt 8 text/plain; charset=utf-8 93326019 <nil>
	// true
	// buy milk <nil>
}

// A handler that serves ranges and answers If-None-Match.
func Example_serve() {
	kv, err := kvstore.NewKVStore(kvstore.Options{InMemory: true})
	if err != nil {
		panic(err)
	}
	defer kv.Close()
	files, err := file.NewKVStorage(kv.KV(), file.KVOptions{})
	if err != nil {
		panic(err)
	}
	if _, err := files.Put(context.Background(), "a.txt", strings.NewReader("0123456789"), file.PutOptions{}); err != nil {
		panic(err)
	}
	handler := func(w http.ResponseWriter, r *http.Request) {
		f, err := files.Get(r.Context(), strings.TrimPrefix(r.URL.Path, "/"))
		switch {
		case errors.Is(err, fs.ErrNotExist), errors.Is(err, file.ErrInvalidPath):
			http.NotFound(w, r)
			return
		case err != nil:
			http.Error(w, "unavailable", http.StatusInternalServerError)
			return
		}
		defer f.Close()
		stat := f.Stat()
		w.Header().Set("ETag", `"`+stat.ETag+`"`)
		w.Header().Set("Content-Type", stat.ContentType)
		http.ServeContent(w, r, "", stat.Modified, f)
	}
	r := httptest.NewRequest("GET", "/a.txt", nil)
	r.Header.Set("Range", "bytes=2-4")
	w := httptest.NewRecorder()
	handler(w, r)
	fmt.Println(w.Code, w.Body.String(), w.Header().Get("Content-Range"))
	// Output: 206 234 bytes 2-4/10
}
