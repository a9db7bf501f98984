package file_test

import (
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
)

// between is a store.KV that does something once, before a commit that has a
// key of that kind.
type between struct {
	store.KV
	kind string
	do   func()
}

func (b *between) Commit(ctx context.Context, changes ...store.Change) ([]uint64, error) {
	for _, c := range changes {
		if strings.HasPrefix(c.Key, "file:"+b.kind) && b.do != nil {
			do := b.do
			b.do = nil
			do()
		}
	}
	return b.KV.Commit(ctx, changes...)
}

// over returns a storage on the same store whose commits are overtaken.
func (p *place) over(t *testing.T, kind string, do func()) *file.KVStorage {
	files, err := file.NewKVStorage(&between{p.kv, kind, do}, file.KVOptions{InlineSize: 64, ChunkSize: 512, Now: time.Now})
	require.NoError(t, err)
	return files
}

// TestConditionsAreJudgedInTheCommit: another change comes between the look
// and the commit.
func TestConditionsAreJudgedInTheCommit(t *testing.T) {
	for _, size := range []int{50, 5000} {
		p := newPlace(t, file.KVOptions{})
		files := p.over(t, "m/", func() { p.put(t, "f", []byte("first")) })
		_, err := files.Put(t.Context(), "f", strings.NewReader(string(big(size))), file.PutOptions{If: file.IfNoneMatch("*")})
		require.ErrorIs(t, err, file.ErrExists)
		require.NoError(t, file.Verify(t.Context(), p, "f"))
		stat, err := p.Stat(t.Context(), "f")
		require.NoError(t, err)
		require.EqualValues(t, 5, stat.Size)

		files = p.over(t, "m/", func() { p.put(t, "f", big(1000)) })
		_, err = files.Put(t.Context(), "f", strings.NewReader(string(big(size))), file.PutOptions{If: file.IfMatch(stat.ETag)})
		require.ErrorIs(t, err, file.ErrPreconditionFailed)

		files = p.over(t, "m/", func() { p.put(t, "f", []byte("third")) })
		require.ErrorIs(t, files.Delete(t.Context(), "f", file.IfNoneMatch(stat.ETag+"x"), file.IfMatch(stat.ETag)), file.ErrPreconditionFailed)

		p.put(t, "g", big(size))
		files = p.over(t, "m/", func() { p.put(t, "h", []byte("first")) })
		_, err = files.Move(t.Context(), "g", "h", file.IfNoneMatch("*"))
		require.ErrorIs(t, err, file.ErrExists)

		files = p.over(t, "m/", func() { p.put(t, "g", big(2000)) })
		stat, err = files.Move(t.Context(), "g", "h")
		require.NoError(t, err)
		require.EqualValues(t, 2000, stat.Size, "what was there last is moved")
		require.NoError(t, file.Verify(t.Context(), p, "h"))
	}
}

// TestAReplacedPutIsMadeAgain: without a condition the last one wins, and the
// body between leaves nothing.
func TestAReplacedPutIsMadeAgain(t *testing.T) {
	p := newPlace(t, file.KVOptions{})
	files := p.over(t, "m/", func() { p.put(t, "f", big(3000)) })
	_, err := files.Put(t.Context(), "f", strings.NewReader(string(big(1000))), file.PutOptions{})
	require.NoError(t, err)
	require.Len(t, p.keys(t, "c/"), 2)
	require.NoError(t, file.Verify(t.Context(), p, "f"))
}

// TestCollectionIsOvertakenByAMove: garbage collection has found that the name
// of a body is gone, and the body has another before it is marked. It is let
// look at the record of before a move by a store that shows it so.
func TestCollectionIsOvertakenByAMove(t *testing.T) {
	for _, grace := range []time.Duration{0, time.Hour} {
		p := newPlace(t, file.KVOptions{})
		p.put(t, "f", big(5000))
		old := &before{KV: p.kv, items: map[string]store.Item{}}
		for item, err := range p.kv.Scan(t.Context(), "file:b/", "") {
			require.NoError(t, err)
			old.items[item.Key] = item
		}
		_, err := p.Move(t.Context(), "f", "g")
		require.NoError(t, err)
		files, err := file.NewKVStorage(old, file.KVOptions{Grace: grace, Now: time.Now})
		require.NoError(t, err)
		_, err = files.GC(t.Context())
		require.NoError(t, err)
		require.NoError(t, file.Verify(t.Context(), p, "g"))
		report, err := p.GC(t.Context())
		require.NoError(t, err)
		require.Equal(t, file.GCReport{}, report)
		require.NoError(t, file.Verify(t.Context(), p, "g"))
	}
}

// before is a store.KV whose scans show items as they were.
type before struct {
	store.KV
	items map[string]store.Item
}

func (b *before) Scan(ctx context.Context, prefix, from string) iter.Seq2[store.Item, error] {
	return func(yield func(store.Item, error) bool) {
		for item, err := range b.KV.Scan(ctx, prefix, from) {
			if old, ok := b.items[item.Key]; ok {
				item = old
			}
			if !yield(item, err) {
				return
			}
		}
	}
}

// TestOptionsOfKVStorage: what is out of bounds is refused, and MaxSize holds.
func TestOptionsOfKVStorage(t *testing.T) {
	p := newPlace(t, file.KVOptions{})
	for _, opts := range []file.KVOptions{
		{ChunkSize: -1}, {ChunkSize: file.MaxChunkSize + 1}, {InlineSize: file.MaxChunkSize + 1}, {MaxSize: -1}, {Grace: -1},
	} {
		_, err := file.NewKVStorage(p.kv, opts)
		require.ErrorIs(t, err, file.ErrInvalidOption)
		require.ErrorIs(t, err, store.ErrInvalid)
	}
	_, err := file.NewKVStorage(struct{ store.KV }{p.kv}, file.KVOptions{})
	require.ErrorIs(t, err, file.ErrInvalidOption, "a store that does not tell its time")

	for _, bound := range []int64{50, 1000} {
		p := newPlace(t, file.KVOptions{MaxSize: bound, InlineSize: 64, ChunkSize: 512})
		p.put(t, "f", big(int(bound)))
		_, err := p.Put(t.Context(), "f", strings.NewReader(string(big(int(bound)+10))), file.PutOptions{})
		require.ErrorIs(t, err, file.ErrTooLarge)
		_, err = p.Put(t.Context(), "f", endless{}, file.PutOptions{})
		require.ErrorIs(t, err, file.ErrTooLarge)
		require.NoError(t, file.Verify(t.Context(), p, "f"))
	}
}

// endless is a reader of zeros without an end.
type endless struct{}

func (endless) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// behind is a store.KV that does something once, behind a Get of a key.
type behind struct {
	store.KV
	key string
	do  func()
}

func (b *behind) Get(ctx context.Context, key string) (store.Item, error) {
	item, err := b.KV.Get(ctx, key)
	if key == b.key && b.do != nil {
		do := b.do
		b.do = nil
		do()
	}
	return item, err
}

// TestOpeningIsOvertaken: between the look at a manifest and the hold of its
// body the file is deleted, or replaced, and its body collected.
func TestOpeningIsOvertaken(t *testing.T) {
	p := newPlace(t, file.KVOptions{})
	hook := &behind{KV: p.kv, key: "file:m/f"}
	files, err := file.NewKVStorage(hook, file.KVOptions{InlineSize: 64, ChunkSize: 512, Now: time.Now})
	require.NoError(t, err)
	for name, change := range map[string]func(){
		"deleted":         func() { require.NoError(t, p.Delete(t.Context(), "f")) },
		"replaced":        func() { p.put(t, "f", big(1000)) },
		"replaced inline": func() { p.put(t, "f", big(10)) },
	} {
		p.put(t, "f", big(5000))
		hook.do = change
		f, err := files.Get(t.Context(), "f")
		if name == "deleted" {
			require.ErrorIs(t, err, file.ErrNotFound)
			continue
		}
		require.NoError(t, err)
		b, err := io.ReadAll(f)
		require.NoError(t, err)
		require.Len(t, b, int(f.Stat().Size))
		require.Less(t, len(b), 5000)
		require.NoError(t, f.Close())
	}
}

// quarrelsome is a store.KV of which every other commit conflicts with nothing.
type quarrelsome struct {
	store.KV
	commits int
}

func (q *quarrelsome) Commit(ctx context.Context, changes ...store.Change) ([]uint64, error) {
	if q.commits++; q.commits%2 == 1 {
		return nil, fmt.Errorf("%w: could not serialize access", store.ErrConflict)
	}
	return q.KV.Commit(ctx, changes...)
}

// TestConflictsWithNothingAreTriedAgain, as of the transactions of an SQL
// database.
func TestConflictsWithNothingAreTriedAgain(t *testing.T) {
	p := newPlace(t, file.KVOptions{})
	files, err := file.NewKVStorage(&quarrelsome{KV: p.kv}, file.KVOptions{InlineSize: 64, ChunkSize: 512, Now: time.Now})
	require.NoError(t, err)
	for _, size := range []int{50, 5000} {
		_, err := files.Put(t.Context(), "f", strings.NewReader(string(big(size))), file.PutOptions{If: file.IfNoneMatch("*")})
		require.NoError(t, err)
		_, err = files.Copy(t.Context(), "f", "g")
		require.NoError(t, err)
		_, err = files.Move(t.Context(), "g", "h")
		require.NoError(t, err)
		require.NoError(t, file.Verify(t.Context(), files, "h"))
		require.NoError(t, files.Delete(t.Context(), "f"))
	}
	for range 5 { // what a collection was kept from is done by one to come
		_, err = p.GC(t.Context())
		require.NoError(t, err)
	}
	require.Len(t, p.keys(t, "c/"), 10)
}
