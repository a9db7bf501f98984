package file

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/spcent/plumego/store"
)

// KVOptions are those of NewKVStorage. The zero value is a good choice.
type KVOptions struct {
	// Prefix begins all keys; "" is "file:". Two who share a store must have
	// prefixes of which neither begins the other.
	Prefix string
	// InlineSize is up to how many bytes a body is kept with what is known of
	// it, in one value; 0 is DefaultInlineSize, below 0 is none but the empty
	// body.
	InlineSize int
	// ChunkSize is into how many bytes a larger body is cut, and about what
	// one commit has at most; 0 is DefaultChunkSize. Files that were put with
	// another stay readable.
	ChunkSize int
	// MaxSize bounds a body, in bytes; 0 is no bound but 2^32-1 chunks.
	MaxSize int64
	// Bulk is another handle on the same store, for what need not be durable
	// before the manifest that is written behind it: the chunks of uploads and
	// the removal of garbage. It must be one whose writes are in one order with
	// those of the store, such as kv.WithSync(kvstore.SyncNever).KV(). nil is
	// the store itself.
	Bulk store.KV
	// Grace is how long an upload that makes no headway, and a body that lost
	// its name, are let be by garbage collection. 0 is right if one process
	// uses the files, through one KVStorage: it knows its uploads and its open
	// files, and removes a body as soon as nobody needs it. Others are known
	// by Grace alone: it must be longer than any file is open, and than any
	// pause between two chunks, or they get ErrGone, and nothing worse. Then
	// bodies are removed by GC only, which has to meet them twice.
	Grace time.Duration
	// Now is the time. nil is the store's, if it is a store.Clock, as those of
	// package kv are; else it is required.
	Now func() time.Time
}

// Sizes of KVOptions, in bytes.
const (
	DefaultInlineSize = 32 << 10
	DefaultChunkSize  = 256 << 10
	MaxChunkSize      = 16 << 20
)

// maxChunks is how many chunks a body has at most.
const maxChunks = math.MaxUint32

// KVStorage is a Storage in a store.KV.
//
// A file is a manifest, with its body if that is small. A larger body is in
// chunks, which are written before the manifest that names them and never
// changed; a replaced file has another body. So a reader sees one or the other,
// and a crash leaves at worst chunks that no manifest names: see GC.
//
// In memory there is one chunk for each body that is being put, and one for
// each open file. Each write is durable as those of the store are.
type KVStorage struct {
	kv   store.KV
	bulk store.KV
	opts KVOptions
	keys keys
	uses uses
}

var _ Storage = (*KVStorage)(nil)

// NewKVStorage returns the storage in kv, which stays the caller's to close. An
// option out of its bounds is ErrInvalidOption. Nothing is read or written: run
// GC once at the start to remove what a crash has left.
func NewKVStorage(kv store.KV, opts KVOptions) (*KVStorage, error) {
	switch {
	case opts.InlineSize > MaxChunkSize:
		return nil, fmt.Errorf("%w: InlineSize", ErrInvalidOption)
	case opts.ChunkSize < 0 || opts.ChunkSize > MaxChunkSize:
		return nil, fmt.Errorf("%w: ChunkSize", ErrInvalidOption)
	case opts.MaxSize < 0:
		return nil, fmt.Errorf("%w: MaxSize", ErrInvalidOption)
	case opts.Grace < 0:
		return nil, fmt.Errorf("%w: Grace", ErrInvalidOption)
	}
	if clock, ok := kv.(store.Clock); ok && opts.Now == nil {
		opts.Now = clock.Now
	}
	if opts.Now == nil {
		return nil, fmt.Errorf("%w: Now is required, as the store does not tell its time", ErrInvalidOption)
	}
	opts = opts.withDefaults()
	s := &KVStorage{kv: kv, bulk: opts.Bulk, opts: opts, keys: keys{opts.Prefix}}
	if s.bulk == nil {
		s.bulk = kv
	}
	s.uses.init()
	return s, nil
}

func (o KVOptions) withDefaults() KVOptions {
	if o.Prefix == "" {
		o.Prefix = "file:"
	}
	if o.InlineSize == 0 {
		o.InlineSize = DefaultInlineSize
	}
	if o.ChunkSize == 0 {
		o.ChunkSize = DefaultChunkSize
	}
	o.InlineSize = max(o.InlineSize, 0)
	return o
}

// Stat implements Storage. It reads one value.
func (s *KVStorage) Stat(ctx context.Context, path string) (FileStat, error) {
	e, err := s.lookup(ctx, path)
	if err == nil {
		err = e.problem()
	}
	if err != nil {
		return FileStat{}, failed("stat", path, err)
	}
	return e.stat(), nil
}

// Exists implements Storage. A damaged file exists.
func (s *KVStorage) Exists(ctx context.Context, path string) (bool, error) {
	e, err := s.lookup(ctx, path)
	if err != nil {
		return false, failed("exists", path, err)
	}
	return e.version != store.Absent, nil
}

// Delete implements Storage. It removes the body too, unless it is open.
func (s *KVStorage) Delete(ctx context.Context, path string, conds ...Condition) error {
	cond, err := all(conds)
	if err == nil {
		err = s.replace(ctx, path, cond, func(old entry) ([]store.Change, error) {
			if old.version == store.Absent {
				return nil, nil
			}
			return []store.Change{{Key: s.keys.manifest(path), Delete: true, If: old.version}}, nil
		})
	}
	return failed("delete", path, err)
}

// entry is what there is under a name.
type entry struct {
	path    string
	version uint64    // store.Absent if there is nothing; 0 if the store cannot read it
	expires time.Time // the zero time: never
	m       *manifest // nil if there is nothing, or if it is damaged
	raw     []byte    // what m was read from
	damage  error     // why m could not be read
}

// lookup reads what is under a name. That it is missing or damaged is no error
// here.
func (s *KVStorage) lookup(ctx context.Context, path string) (entry, error) {
	if err := checkPath(path); err != nil {
		return entry{}, err
	}
	item, err := s.kv.Get(ctx, s.keys.manifest(path))
	switch {
	case errors.Is(err, store.ErrNotFound):
		return entry{path: path, version: store.Absent}, nil
	case errors.Is(err, store.ErrCorrupt):
		return entry{path: path, damage: err}, nil
	case err != nil:
		return entry{}, err
	}
	return toEntry(path, item), nil
}

func toEntry(path string, item store.Item) entry {
	e := entry{path: path, version: item.Version, expires: utc(item.Deadline), raw: item.Value}
	e.m, e.damage = decodeManifest(item.Value)
	if e.damage == nil && !e.m.isWhole() {
		e.m, e.damage = nil, ErrCorrupt
	}
	return e
}

// isWhole reports whether the body that is inline, or not, is as long as it
// should be.
func (m *manifest) isWhole() bool {
	if m.chunkSize == 0 {
		return int64(len(m.inline)) == m.size
	}
	return len(m.inline) == 0 && m.size > 0 && (m.size-1)/int64(m.chunkSize) < maxChunks
}

// problem returns why there is no file in e, if there is none.
func (e entry) problem() error {
	if e.version == store.Absent {
		return ErrNotFound
	}
	return e.damage
}

func (e entry) stat() FileStat { return e.m.stat(e.path, e.expires) }

// judge returns what speaks against a change in the place of e.
func (e entry) judge(c Condition) error {
	if !c.asks() {
		return nil
	}
	switch {
	case e.version == store.Absent:
		return c.judge("")
	case e.m == nil:
		return c.judge("damaged") // it is there, and like no other
	}
	return c.judge(e.m.etag())
}

// replace makes the changes that put something else in the place of what is
// under path, if that is as cond says, and removes the body that was there.
// plan is told what is there, and called again if that has changed meanwhile.
// No changes are made if it returns none.
func (s *KVStorage) replace(ctx context.Context, path string, cond Condition, plan func(old entry) ([]store.Change, error)) error {
	for {
		old, err := s.lookup(ctx, path)
		if err == nil {
			err = old.judge(cond)
		}
		if err != nil {
			return err
		}
		changes, err := plan(old)
		if err != nil || len(changes) == 0 {
			return err
		}
		_, err = s.kv.Commit(ctx, changes...)
		if errors.Is(err, store.ErrConflict) {
			continue
		}
		if err == nil && old.m != nil && old.m.chunkSize > 0 {
			s.discard(ctx, old.m.id)
		}
		return err
	}
}
