package file

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"time"

	"github.com/spcent/plumego/store"
)

// Put implements Storage. A small body costs one commit. A larger one costs a
// commit for each chunk and one more.
//
// If the last commit fails in a way that leaves open whether it was made, so
// does the error, and the file is either old or new.
func (s *KVStorage) Put(ctx context.Context, path string, body io.Reader, opts PutOptions) (FileStat, error) {
	err := errors.Join(checkPath(path), opts.check())
	if err != nil {
		return FileStat{}, failed("put", path, err)
	}
	u := s.newUpload(path, opts)
	stat, err := u.run(ctx, body)
	return stat, failed("put", path, err)
}

// upload is one body on its way.
type upload struct {
	s       *KVStorage
	path    string
	intake  *intake
	cond    Condition
	expires time.Time // the zero time: as the TTL says

	m       manifest
	version uint64 // of the body record; Absent before the first chunk
	count   uint32 // chunks written
}

func (s *KVStorage) newUpload(path string, opts PutOptions) *upload {
	u := &upload{s: s, path: path, intake: newIntake(opts, s.opts.MaxSize), cond: opts.If, version: store.Absent}
	u.m.metadata = opts.Metadata
	return u
}

// run reads the body to its end and makes it a file.
func (u *upload) run(ctx context.Context, body io.Reader) (FileStat, error) {
	// What speaks against the file now will hardly change: it saves the upload.
	if err := u.early(ctx); err != nil {
		return FileStat{}, err
	}
	u.intake.from(ctx, body)
	head, err := u.intake.head(u.s.opts.InlineSize)
	if err != nil {
		return FileStat{}, err
	}
	if len(head) <= u.s.opts.InlineSize {
		u.m.inline = head
		return u.finish(ctx)
	}
	return u.runChunked(ctx, head)
}

// early judges the condition before a byte is read.
func (u *upload) early(ctx context.Context) error {
	if !u.cond.asks() {
		return ctx.Err()
	}
	old, err := u.s.lookup(ctx, u.path)
	if err != nil {
		return err
	}
	return old.judge(u.cond)
}

// runChunked writes a body of which head was read, chunk by chunk.
func (u *upload) runChunked(ctx context.Context, head []byte) (FileStat, error) {
	_, _ = rand.Read(u.m.id[:]) // it never fails
	u.m.chunkSize = u.s.opts.ChunkSize
	u.s.uses.hold(u.m.id)
	defer u.s.letGo(ctx, u.m.id)

	if err := u.writeChunks(ctx, head); err != nil {
		u.abandon(ctx)
		return FileStat{}, err
	}
	return u.finish(ctx)
}

func (u *upload) writeChunks(ctx context.Context, head []byte) error {
	chunk := make([]byte, u.m.chunkSize)
	for {
		n := copy(chunk, head)
		head = head[n:]
		more, err := u.intake.fill(chunk[n:])
		if err != nil {
			return err
		}
		if n += more; n == 0 {
			return u.intake.judge()
		}
		if err := u.writeChunk(ctx, chunk[:n]); err != nil {
			return err
		}
	}
}

// writeChunk commits the next chunk together with the body record's next
// version. A conflict that is none, as of transactions in an SQL database, is
// tried again.
func (u *upload) writeChunk(ctx context.Context, chunk []byte) error {
	if u.count == maxChunks {
		return ErrTooLarge
	}
	record := bodyRecord{uploading, u.count + 1, u.s.opts.Now(), u.path}
	for {
		versions, err := u.s.bulk.Commit(ctx,
			store.Change{Key: u.s.keys.body(u.m.id), Value: record.encode(), If: u.version},
			store.Change{Key: u.s.keys.chunk(u.m.id, u.count), Value: chunk},
		)
		if err == nil {
			u.version = versions[0]
			u.count++
			return nil
		}
		if !errors.Is(err, store.ErrConflict) {
			return err
		}
		if err := u.isLost(ctx); err != nil {
			return err
		}
	}
}

// isLost returns ErrGone if the body record is not as this upload left it:
// somebody else's garbage collection has given the upload up.
func (u *upload) isLost(ctx context.Context) error {
	item, err := u.s.kv.Get(ctx, u.s.keys.body(u.m.id))
	if errors.Is(err, store.ErrNotFound) {
		item.Version, err = store.Absent, nil
	}
	if err == nil && item.Version != u.version {
		err = ErrGone
	}
	return err
}

// finish makes the file of what was read.
func (u *upload) finish(ctx context.Context) (FileStat, error) {
	if err := u.intake.judge(); err != nil {
		u.abandon(ctx)
		return FileStat{}, err
	}
	u.m.size, u.m.contentType, u.m.digest = u.intake.size, u.intake.contentType(), u.intake.digest()
	u.m.modified = stamp(u.s.opts.Now())
	if u.expires.IsZero() {
		u.expires = deadline(u.m.modified, u.intake.opts.TTL)
	}
	err := u.s.replace(ctx, u.path, u.cond, func(old entry) ([]store.Change, error) {
		return u.changes(ctx, old)
	})
	if err != nil {
		u.abandon(ctx)
		return FileStat{}, err
	}
	return u.m.stat(u.path, u.expires), nil
}

// changes are those that make the file in the place of old.
func (u *upload) changes(ctx context.Context, old entry) ([]store.Change, error) {
	changes := []store.Change{{
		Key:      u.s.keys.manifest(u.path),
		Value:    u.m.encode(),
		Deadline: u.expires,
		If:       old.version,
	}}
	if u.m.chunkSize == 0 {
		return changes, nil
	}
	if err := u.isLost(ctx); err != nil {
		return nil, err
	}
	record := bodyRecord{attached, u.count, u.m.modified, u.path}
	return append(changes, store.Change{Key: u.s.keys.body(u.m.id), Value: record.encode(), If: u.version}), nil
}

// abandon removes what was written of the body, unless it has its name after
// all: a commit that has failed may have been made, and then the record has
// another version. Whatever goes wrong here is for GC, and not what the caller
// wants to hear of.
func (u *upload) abandon(ctx context.Context) {
	if u.version != store.Absent {
		_, _ = u.s.collect(context.WithoutCancel(ctx), u.m.id, u.version, u.count)
	}
}
