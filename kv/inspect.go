package kv

import (
	"context"
	"errors"
	"time"

	"github.com/spcent/plumego/store/internal/record"
	"github.com/spcent/plumego/store/internal/seglog"
)

// SegmentInfo is what one file of the log holds.
type SegmentInfo struct {
	File    string    // its name within the store's directory
	Sealed  bool      // it is complete; the other one is being written
	Created time.Time // by the store's time
	Bytes   int64     // header and seal included, unused room excluded
	Live    int64     // bytes of records that the keys need
	Dead    int64     // bytes of records that nobody needs, the seal excluded
	Records int64     // the seal excluded
	Keys    int64     // whose values are here
	// Earliest and Latest are the deadlines of those keys that have one; the
	// zero time if none has.
	Earliest, Latest time.Time
}

// Inspect reads every segment and returns what each holds, in the order of
// the log, which need not be that of the files' names. Expired keys are swept
// first. It runs beside readers and writers and tells of the records that were
// there when it began; a key that is overwritten meanwhile counts as dead.
//
// It costs a read of every byte. Errors are ErrCorrupt, that of the context,
// and ErrStoreClosed.
func (s *KVStore) Inspect(ctx context.Context) ([]SegmentInfo, error) {
	e := s.engine
	if err := e.begin(); err != nil {
		return nil, err
	}
	defer e.work.Done()
	e.expire()
	e.mu.Lock()
	extents, release := e.log.Extents(), e.log.Pin()
	e.mu.Unlock()
	infos, err := e.inspectExtents(ctx, extents)
	return infos, errors.Join(err, e.public("release files", release()))
}

func (e *engine) inspectExtents(ctx context.Context, extents []seglog.Extent) ([]SegmentInfo, error) {
	var infos []SegmentInfo
	for _, x := range extents {
		if err := e.proceed(ctx); err != nil {
			return nil, err
		}
		info, err := e.inspectExtent(x)
		if err != nil {
			return nil, e.public("inspect", err)
		}
		infos = append(infos, info)
	}
	return infos, nil
}

// inspectExtent reads one segment and asks the index of each record.
func (e *engine) inspectExtent(x seglog.Extent) (SegmentInfo, error) {
	info := SegmentInfo{
		File:    x.File(),
		Sealed:  x.Sealed(),
		Created: time.UnixMilli(e.log.Created(x)),
		Bytes:   x.Length(),
	}
	err := e.log.Verify(x, func(at seglog.Location, r record.Record) {
		info.Records++
		entry, ok := e.lookup(e.index.Hash(string(r.Key)), string(r.Key))
		if r.Type != record.Put || !ok || location(entry) != at {
			info.Dead += at.Size
			return
		}
		info.Live += at.Size
		info.Keys++
		info.note(asTime(entry.Deadline))
	})
	return info, err
}

// note widens the range of deadlines; the zero time is none.
func (i *SegmentInfo) note(deadline time.Time) {
	if deadline.IsZero() {
		return
	}
	if i.Earliest.IsZero() || deadline.Before(i.Earliest) {
		i.Earliest = deadline
	}
	if deadline.After(i.Latest) {
		i.Latest = deadline
	}
}
