package file

import (
	"context"
	"errors"

	"github.com/spcent/plumego/store"
)

// Copy implements Storage. The body is read and put again, and compared with
// its ETag on the way.
func (s *KVStorage) Copy(ctx context.Context, from, to string, conds ...Condition) (FileStat, error) {
	return copyFile(ctx, from, to, conds, s.open, func(f *openFile, opts PutOptions) (FileStat, error) {
		u := s.newUpload(to, opts)
		u.expires = f.stat.Expires
		return u.run(ctx, f)
	})
}

// Move implements Storage. It is one commit, whatever the size.
func (s *KVStorage) Move(ctx context.Context, from, to string, conds ...Condition) (FileStat, error) {
	cond, err := all(conds)
	if err == nil {
		err = checkPaths(from, to)
	}
	if err != nil {
		return FileStat{}, failed("move", from, err)
	}
	var source entry
	err = s.replace(ctx, to, cond, func(old entry) (changes []store.Change, err error) {
		source, changes, err = s.move(ctx, from, old)
		return changes, err
	})
	if err != nil {
		return FileStat{}, failed("move", from, err)
	}
	return source.m.stat(to, source.expires), nil
}

// move are the changes that put the file at from in the place of old.
func (s *KVStorage) move(ctx context.Context, from string, old entry) (source entry, changes []store.Change, err error) {
	source, err = s.lookup(ctx, from)
	if err == nil {
		err = source.problem()
	}
	if err != nil || from == old.path {
		return source, nil, err
	}
	changes = []store.Change{
		{Key: s.keys.manifest(from), Delete: true, If: source.version},
		{Key: s.keys.manifest(old.path), Value: source.raw, Deadline: source.expires, If: old.version},
	}
	if source.m.chunkSize == 0 {
		return source, changes, nil
	}
	body, err := s.moveBody(ctx, source.m.id, old.path)
	return source, append(changes, body...), err
}

// moveBody is the change that has a body belong to another name. A record that
// cannot be read is left as it is: GC does not touch it.
func (s *KVStorage) moveBody(ctx context.Context, id bodyID, to string) ([]store.Change, error) {
	item, err := s.kv.Get(ctx, s.keys.body(id))
	if errors.Is(err, store.ErrNotFound) {
		return nil, ErrCorrupt
	}
	if err != nil {
		return nil, err
	}
	record, err := decodeBody(item.Value)
	if err != nil {
		return nil, nil
	}
	record.path = to
	return []store.Change{{Key: s.keys.body(id), Value: record.encode(), If: item.Version}}, nil
}
