package file

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/spcent/plumego/store"
)

// Get implements Storage. A small file costs one read of the store; a larger
// one two, and one for each chunk.
func (s *KVStorage) Get(ctx context.Context, path string) (File, error) {
	f, err := s.open(ctx, path)
	if err != nil {
		return nil, failed("get", path, err)
	}
	return f, nil
}

// open opens a file. A body in chunks is held first, and then looked for once
// more: if it still has its name, it was held before it can become garbage.
func (s *KVStorage) open(ctx context.Context, path string) (*openFile, error) {
	for {
		e, err := s.lookup(ctx, path)
		if err == nil {
			err = e.problem()
		}
		if err != nil {
			return nil, err
		}
		if e.m.chunkSize == 0 {
			return newOpenFile(ctx, e.stat(), inlineBody(e.m.inline), func() error { return nil }), nil
		}
		s.uses.hold(e.m.id)
		again, err := s.lookup(ctx, path)
		if err == nil && again.m != nil && again.m.id == e.m.id {
			return s.openChunks(ctx, again), nil
		}
		s.letGo(ctx, e.m.id)
		if err != nil {
			return nil, err
		}
	}
}

// openChunks returns the open file of a body that is held.
func (s *KVStorage) openChunks(ctx context.Context, e entry) *openFile {
	body := &chunkedBody{s: s, path: e.path, m: e.m}
	return newOpenFile(ctx, e.stat(), body, func() error {
		s.letGo(ctx, e.m.id)
		return nil
	})
}

// letGo undoes one hold of a body, and removes the body if it has become
// garbage. If that fails it is left to GC.
func (s *KVStorage) letGo(ctx context.Context, id bodyID) {
	if s.uses.release(id) {
		s.discard(ctx, id)
	}
}

// inlineBody is a body that was read with its manifest.
type inlineBody []byte

func (b inlineBody) read(_ context.Context, p []byte, off int64) (int, error) {
	return copy(p, b[off:]), nil
}

// chunkedBody reads a body chunk by chunk, and keeps the last.
type chunkedBody struct {
	s    *KVStorage
	path string
	m    *manifest
	last atomic.Pointer[numberedChunk]
}

type numberedChunk struct {
	n    uint32
	data []byte // never changed
}

func (b *chunkedBody) read(ctx context.Context, p []byte, off int64) (int, error) {
	rest, err := b.rest(ctx, off)
	return copy(p, rest), err
}

// rest returns what is left of the chunk in which off lies.
func (b *chunkedBody) rest(ctx context.Context, off int64) ([]byte, error) {
	n, skip := uint32(off/int64(b.m.chunkSize)), off%int64(b.m.chunkSize)
	if c := b.last.Load(); c != nil && c.n == n {
		return c.data[skip:], nil
	}
	item, err := b.s.kv.Get(ctx, b.s.keys.chunk(b.m.id, n))
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, b.missing(ctx)
	case err != nil:
		return nil, err
	case int64(len(item.Value)) != min(int64(b.m.chunkSize), b.m.size-off+skip):
		return nil, ErrCorrupt
	}
	b.last.Store(&numberedChunk{n, item.Value})
	return item.Value[skip:], nil
}

// missing says what it means that a chunk is not there. As long as the body has
// its name nobody may have removed it.
func (b *chunkedBody) missing(ctx context.Context) error {
	e, err := b.s.lookup(ctx, b.path)
	switch {
	case err != nil:
		return err
	case e.m != nil && e.m.id == b.m.id:
		return ErrCorrupt
	}
	return ErrGone
}
