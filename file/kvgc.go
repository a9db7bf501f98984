package file

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spcent/plumego/store"
)

// GCReport says what garbage collection has met.
type GCReport struct {
	Uploads int // that had stopped before their end, and were removed
	Bodies  int // that had lost their names, and were removed
	Chunks  int // that were removed with them
	Kept    int // uploads and bodies without a name that are in use, or within Grace
	Damaged int // body records that cannot be read; they and their chunks are left
}

// GC removes the chunks of uploads that did not come to an end, of files that
// have expired, and whatever else an interrupted process has left behind. Run
// it at the start, and from time to time if files expire. It reads one small
// record for each body in chunks, and may run beside everything else.
//
// What cannot be read is counted and left, and collection goes on; at the end
// the error is ErrCorrupt. Any other error ends it.
func (s *KVStorage) GC(ctx context.Context) (GCReport, error) {
	var report GCReport
	root := s.keys.prefix + "b/"
	for item, err := range s.kv.Scan(ctx, root, root) {
		if err == nil {
			err = s.examine(ctx, strings.TrimPrefix(item.Key, root), item, &report)
		}
		if err != nil {
			return report, failed("gc", "", err)
		}
	}
	if report.Damaged > 0 {
		return report, failed("gc", "", fmt.Errorf("%w: %d body records", ErrCorrupt, report.Damaged))
	}
	return report, nil
}

// examine removes the body of a record if it is garbage.
func (s *KVStorage) examine(ctx context.Context, name string, item store.Item, report *GCReport) error {
	record, err := decodeBody(item.Value)
	if err != nil || len(name) != len(bodyID{}) {
		report.Damaged++
		return nil
	}
	id := bodyID([]byte(name))
	switch record.state {
	case uploading:
		if s.uses.held(id) || s.isFresh(record.since) {
			report.Kept++
			return nil
		}
		return s.count(ctx, id, item.Version, record.count, &report.Uploads, report)
	case attached:
		named, err := s.isNamed(ctx, id, record.path)
		if named || err != nil {
			return err
		}
		if s.opts.Grace > 0 {
			report.Kept++
			return s.mark(ctx, id, item.Version, record)
		}
	case garbage:
		if s.isFresh(record.since) {
			report.Kept++
			return nil
		}
	}
	if s.uses.doom(id) {
		report.Kept++
		return nil
	}
	return s.count(ctx, id, item.Version, record.count, &report.Bodies, report)
}

// isFresh reports whether something is too young to be taken.
func (s *KVStorage) isFresh(since time.Time) bool {
	return s.opts.Grace > 0 && s.opts.Now().Sub(since) < s.opts.Grace
}

// isNamed reports whether the manifest at path names the body, or may do so.
func (s *KVStorage) isNamed(ctx context.Context, id bodyID, path string) (bool, error) {
	if checkPath(path) != nil {
		return false, nil
	}
	e, err := s.lookup(ctx, path)
	if err != nil || e.version == store.Absent {
		return false, err
	}
	return e.m == nil || e.m.id == id, nil
}

// mark makes a body without a name garbage, as of now.
func (s *KVStorage) mark(ctx context.Context, id bodyID, version uint64, record bodyRecord) error {
	record.state, record.since = garbage, s.opts.Now()
	_, err := s.kv.Commit(ctx, store.Change{Key: s.keys.body(id), Value: record.encode(), If: version})
	if errors.Is(err, store.ErrConflict) {
		return nil // it was moved, or another process was faster
	}
	return err
}

// count collects a body and counts what was removed.
func (s *KVStorage) count(ctx context.Context, id bodyID, version uint64, chunks uint32, kind *int, report *GCReport) error {
	done, err := s.collect(ctx, id, version, chunks)
	if done {
		*kind++
		report.Chunks += int(chunks)
	}
	return err
}

// deletedAtOnce is how many chunks one commit removes.
const deletedAtOnce = 64

// collect removes a body whose record has that version; if it has not, nothing
// is done. The record is made garbage first, so that nobody adds to the body or
// gives it a name, and goes last, so that an interrupted collection is taken up
// again.
func (s *KVStorage) collect(ctx context.Context, id bodyID, version uint64, chunks uint32) (done bool, err error) {
	key := s.keys.body(id)
	record := bodyRecord{state: garbage, count: chunks, since: s.opts.Now()}
	versions, err := s.bulk.Commit(ctx, store.Change{Key: key, Value: record.encode(), If: version})
	if errors.Is(err, store.ErrConflict) {
		return false, nil
	}
	for from := uint32(0); from < chunks && err == nil; from += deletedAtOnce {
		_, err = s.bulk.Commit(ctx, s.removal(id, from, min(chunks, from+deletedAtOnce))...)
	}
	if err == nil {
		_, err = s.bulk.Commit(ctx, store.Change{Key: key, Delete: true, If: versions[0]})
	}
	if errors.Is(err, store.ErrConflict) {
		return false, nil // another process has finished it
	}
	return err == nil, err
}

// removal are the changes that remove the chunks of [from, to).
func (s *KVStorage) removal(id bodyID, from, to uint32) []store.Change {
	changes := make([]store.Change, 0, to-from)
	for n := from; n < to; n++ {
		changes = append(changes, store.Change{Key: s.keys.chunk(id, n), Delete: true})
	}
	return changes
}

// discard removes a body that has lost its name, now or when the last who reads
// it closes. What goes wrong is left to GC: the caller's deed is done.
func (s *KVStorage) discard(ctx context.Context, id bodyID) {
	if s.opts.Grace > 0 || s.uses.doom(id) {
		return
	}
	ctx = context.WithoutCancel(ctx)
	item, err := s.kv.Get(ctx, s.keys.body(id))
	if err == nil {
		_ = s.examine(ctx, string(id[:]), item, &GCReport{})
	}
}
