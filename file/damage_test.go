package file_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store"
	"github.com/spcent/plumego/store/file"
	kvstore "github.com/spcent/plumego/store/kv"
)

// place is a storage in a store in memory, with small chunks.
type place struct {
	*file.KVStorage
	kv store.KV
}

func newPlace(t *testing.T, opts file.KVOptions) *place {
	s, err := kvstore.NewKVStore(kvstore.Options{InMemory: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	if opts.ChunkSize == 0 {
		opts.InlineSize, opts.ChunkSize = 64, 512
	}
	files, err := file.NewKVStorage(s.KV(), opts)
	require.NoError(t, err)
	return &place{files, s.KV()}
}

func (p *place) put(t *testing.T, name string, b []byte) {
	t.Helper()
	_, err := p.Put(t.Context(), name, bytes.NewReader(b), file.PutOptions{})
	require.NoError(t, err)
}

// keys returns the keys that begin with file: and a kind.
func (p *place) keys(t *testing.T, kind string) (keys []string) {
	for item, err := range p.kv.Scan(t.Context(), "file:"+kind, "") {
		require.NoError(t, err)
		keys = append(keys, item.Key)
	}
	return keys
}

// change changes the value of a key.
func (p *place) change(t *testing.T, key string, how func(value []byte) []byte) {
	t.Helper()
	item, err := p.kv.Get(t.Context(), key)
	require.NoError(t, err)
	_, err = p.kv.Commit(t.Context(), store.Change{Key: key, Value: how(item.Value)})
	require.NoError(t, err)
}

func flip(b []byte) []byte { b[len(b)/2] ^= 1; return b }

func big(n int) []byte { return bytes.Repeat([]byte("0123456789"), n/10) }

// TestOneDamagedManifestIsListedByName: the page goes on, and the file can be
// replaced, deleted and collected.
func TestOneDamagedManifestIsListedByName(t *testing.T) {
	for _, size := range []int{50, 5000} {
		p := newPlace(t, file.KVOptions{})
		for _, name := range []string{"a", "b", "c", "d/e"} {
			p.put(t, name, big(size))
		}
		for _, name := range []string{"b", "c", "d/e"} {
			p.change(t, "file:m/"+name, flip)
		}
		page, err := p.List(t.Context(), file.ListOptions{Delimiter: "/"})
		require.NoError(t, err)
		require.Len(t, page.Files, 1)
		require.Equal(t, "a", page.Files[0].Path)
		require.Equal(t, []string{"b", "c"}, page.Damaged)
		require.Equal(t, []string{"d/"}, page.Prefixes)

		_, err = p.Get(t.Context(), "b")
		require.ErrorIs(t, err, file.ErrCorrupt)
		require.ErrorIs(t, err, store.ErrCorrupt)
		_, err = p.Stat(t.Context(), "b")
		require.ErrorIs(t, err, file.ErrCorrupt)
		_, err = p.Put(t.Context(), "b", strings.NewReader("x"), file.PutOptions{If: file.IfNoneMatch("*")})
		require.ErrorIs(t, err, file.ErrExists)
		_, err = p.Copy(t.Context(), "b", "x")
		require.ErrorIs(t, err, file.ErrCorrupt)
		_, err = p.Move(t.Context(), "b", "x")
		require.ErrorIs(t, err, file.ErrCorrupt)

		_, err = p.GC(t.Context())
		require.NoError(t, err)
		if size > 64 {
			require.Len(t, p.keys(t, "b/"), 4, "bodies of damaged files are kept")
		}
		p.put(t, "b", []byte("new"))
		require.NoError(t, p.Delete(t.Context(), "c"))
		require.NoError(t, p.Delete(t.Context(), "d/e"))
		_, err = p.GC(t.Context())
		require.NoError(t, err)
		if size > 64 {
			require.Len(t, p.keys(t, "b/"), 1)
			require.Len(t, p.keys(t, "c/"), 10)
		}
		require.NoError(t, file.Verify(t.Context(), p, "a"))
	}
}

// TestOneDamagedBodyRecordDoesNotStopCollection: it is counted, and the rest
// is collected.
func TestOneDamagedBodyRecordDoesNotStopCollection(t *testing.T) {
	p := newPlace(t, file.KVOptions{})
	for _, name := range []string{"a", "b", "c", "d"} {
		p.put(t, name, big(5000))
	}
	records := p.keys(t, "b/")
	p.change(t, records[0], flip)
	for _, key := range p.keys(t, "m/") { // as if all had expired
		_, err := p.kv.Commit(t.Context(), store.Change{Key: key, Delete: true})
		require.NoError(t, err)
	}
	_, err := p.kv.Commit(t.Context(), store.Change{Key: "file:b/short", Value: []byte("x")})
	require.NoError(t, err)
	report, err := p.GC(t.Context())
	require.ErrorIs(t, err, file.ErrCorrupt)
	require.Equal(t, file.GCReport{Bodies: 3, Chunks: 30, Damaged: 2}, report)
	require.Len(t, p.keys(t, "c/"), 10)
}

// TestDamagedChunks: what is missing or has a wrong length is met by the
// reader; what has other bytes, by Verify and Copy.
func TestDamagedChunks(t *testing.T) {
	for name, c := range map[string]struct {
		how  func(p *place, key string)
		read bool // a reader meets it
	}{
		"missing": {func(p *place, key string) {
			_, err := p.kv.Commit(context.Background(), store.Change{Key: key, Delete: true})
			require.NoError(t, err)
		}, true},
		"short":   {func(p *place, key string) { p.change(t, key, func(b []byte) []byte { return b[1:] }) }, true},
		"long":    {func(p *place, key string) { p.change(t, key, func(b []byte) []byte { return append(b, 0) }) }, true},
		"changed": {func(p *place, key string) { p.change(t, key, flip) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			for i := range 10 {
				p := newPlace(t, file.KVOptions{})
				p.put(t, "f", big(5000))
				c.how(p, p.keys(t, "c/")[i])
				f, err := p.Get(t.Context(), "f")
				require.NoError(t, err)
				_, err = io.ReadAll(f)
				if c.read {
					require.ErrorIs(t, err, file.ErrCorrupt)
				} else {
					require.NoError(t, err)
				}
				require.ErrorIs(t, file.Verify(t.Context(), p, "f"), file.ErrCorrupt)
				_, err = p.Copy(t.Context(), "f", "g")
				require.ErrorIs(t, err, file.ErrCorrupt)
				require.NotErrorIs(t, err, store.ErrInvalid)
				require.NoError(t, f.Close())
				ok, err := p.Exists(t.Context(), "g")
				require.NoError(t, err)
				require.False(t, ok)
			}
		})
	}
}

// rotten is a store.KV that cannot read a key until it is written.
type rotten struct {
	store.KV
	key string
}

func (r *rotten) Get(ctx context.Context, key string) (store.Item, error) {
	if key == r.key {
		return store.Item{}, fmt.Errorf("%w: at some offset", store.ErrCorrupt)
	}
	return r.KV.Get(ctx, key)
}

func (r *rotten) Commit(ctx context.Context, changes ...store.Change) ([]uint64, error) {
	for _, c := range changes {
		if c.Key == r.key && c.If != 0 {
			return nil, fmt.Errorf("%w: at some offset", store.ErrCorrupt) // what it has is not known
		}
	}
	versions, err := r.KV.Commit(ctx, changes...)
	for _, c := range changes {
		if c.Key == r.key && err == nil {
			r.key = ""
		}
	}
	return versions, err
}

// TestManifestThatTheStoreCannotRead: it is there, like no other, and can be
// replaced and deleted.
func TestManifestThatTheStoreCannotRead(t *testing.T) {
	for name, mend := range map[string]func(s file.Storage) error{
		"put": func(s file.Storage) error {
			_, err := s.Put(t.Context(), "f", strings.NewReader("new"), file.PutOptions{})
			return err
		},
		"put if there": func(s file.Storage) error {
			_, err := s.Put(t.Context(), "f", bytes.NewReader(big(5000)), file.PutOptions{If: file.IfMatch("*")})
			return err
		},
		"delete": func(s file.Storage) error { return s.Delete(t.Context(), "f") },
		"move":   func(s file.Storage) error { _, err := s.Move(t.Context(), "g", "f"); return err },
		"copy":   func(s file.Storage) error { _, err := s.Copy(t.Context(), "g", "f"); return err },
	} {
		p := newPlace(t, file.KVOptions{})
		p.put(t, "f", big(5000))
		p.put(t, "g", big(2000))
		files, err := file.NewKVStorage(&rotten{p.kv, "file:m/f"}, file.KVOptions{InlineSize: 64, ChunkSize: 512, Now: time.Now})
		require.NoError(t, err)
		_, err = files.Get(t.Context(), "f")
		require.ErrorIs(t, err, store.ErrCorrupt)
		ok, err := files.Exists(t.Context(), "f")
		require.NoError(t, err)
		require.True(t, ok)
		_, err = files.Put(t.Context(), "f", strings.NewReader("x"), file.PutOptions{If: file.IfNoneMatch("*")})
		require.ErrorIs(t, err, file.ErrExists)
		_, err = files.Move(t.Context(), "f", "h")
		require.ErrorIs(t, err, store.ErrCorrupt)
		_, err = files.GC(t.Context())
		require.NoError(t, err)
		require.Len(t, p.keys(t, "b/"), 2, "what the manifest may name is kept")

		require.NoError(t, mend(files), name)
		_, err = files.GC(t.Context())
		require.NoError(t, err)
		page, err := files.List(t.Context(), file.ListOptions{})
		require.NoError(t, err)
		chunks := 0
		for _, stat := range page.Files {
			require.NoError(t, file.Verify(t.Context(), files, stat.Path))
			if stat.Size > 64 {
				chunks += int((stat.Size + 511) / 512)
			}
		}
		require.Len(t, p.keys(t, "c/"), chunks, name)
	}
}

// unlistable is a store.KV whose scans end at a key in an error.
type unlistable struct {
	store.KV
	key string
}

func (u *unlistable) Scan(ctx context.Context, prefix, from string) iter.Seq2[store.Item, error] {
	return func(yield func(store.Item, error) bool) {
		for item, err := range u.KV.Scan(ctx, prefix, from) {
			if item.Key == u.key {
				yield(store.Item{}, fmt.Errorf("%w: at some offset", store.ErrCorrupt))
				return
			}
			if !yield(item, err) {
				return
			}
		}
	}
}

// TestListThatCannotGoOn returns what came before, and the error.
func TestListThatCannotGoOn(t *testing.T) {
	p := newPlace(t, file.KVOptions{})
	for _, name := range []string{"a", "b/1", "b/2", "c", "d", "e"} {
		p.put(t, name, big(50))
	}
	files, err := file.NewKVStorage(&unlistable{p.kv, "file:m/d"}, file.KVOptions{Now: time.Now})
	require.NoError(t, err)
	page, err := files.List(t.Context(), file.ListOptions{Delimiter: "/"})
	require.ErrorIs(t, err, store.ErrCorrupt)
	require.Len(t, page.Files, 2)
	require.Equal(t, []string{"b/"}, page.Prefixes)
	page, err = files.List(t.Context(), file.ListOptions{Delimiter: "/", Limit: 2})
	require.NoError(t, err)
	require.Len(t, page.Files, 1)
	require.NotEmpty(t, page.Next)
	page, err = files.List(t.Context(), file.ListOptions{Prefix: "e"})
	require.NoError(t, err, "behind the damage")
	require.Len(t, page.Files, 1)
}
