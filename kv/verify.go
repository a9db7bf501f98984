package kv

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/spcent/plumego/store/internal/record"
	"github.com/spcent/plumego/store/internal/seglog"
	"github.com/spcent/plumego/store/internal/segment"
)

// Report is what Verify read.
type Report struct {
	Segments int
	Records  int64
	Keys     int // in the index
	Bytes    int64
	Defects  []CorruptError
}

// Verify reads every file of the store anew and holds each byte to its
// checksums, and the index to the files. It runs beside readers and writers
// and judges what was there when it began. The error is nil if there is no
// defect, else the first one, which is ErrCorrupt; or that of the context,
// or ErrStoreClosed.
func (s *KVStore) Verify(ctx context.Context) (Report, error) {
	e := s.engine
	if err := e.begin(); err != nil {
		return Report{}, err
	}
	defer e.work.Done()

	e.mu.Lock()
	extents, changes := e.log.Extents(), e.changes
	if e.compactor.moving {
		changes = 0 // the index leads to places old and new
	}
	release := e.log.Pin()
	e.mu.Unlock()
	r, err := e.verifyExtents(ctx, extents, changes)
	return r, errors.Join(err, e.public("release files", release()))
}

func (e *engine) verifyExtents(ctx context.Context, extents []seglog.Extent, changes uint64) (Report, error) {
	var r Report
	found := 0 // records that the index leads to
	for _, x := range extents {
		if err := e.proceed(ctx); err != nil {
			return r, err
		}
		n, err := e.verifyExtent(x, &r)
		if err != nil {
			return r, err
		}
		found += n
	}
	if err := e.verifyIndex(&r, changes, found); err != nil {
		return r, err
	}
	if len(r.Defects) > 0 {
		return r, &r.Defects[0]
	}
	return r, nil
}

// proceed says whether to go on.
func (e *engine) proceed(ctx context.Context) error {
	if e.closed.Load() {
		return ErrStoreClosed
	}
	return ctx.Err()
}

// verifyExtent reads one segment and returns how many of its records the
// index leads to. A defect goes into the report.
func (e *engine) verifyExtent(x seglog.Extent, r *Report) (found int, err error) {
	r.Segments++
	r.Bytes += x.Length()
	err = e.log.Verify(x, func(at seglog.Location, rec record.Record) {
		r.Records++
		if rec.Type != record.Put {
			return
		}
		key := string(rec.Key)
		if entry, ok := e.lookup(e.index.Hash(key), key); ok && location(entry) == at {
			found++
		}
	})
	var c *segment.CorruptError
	if errors.As(err, &c) {
		r.Defects = append(r.Defects, CorruptError{filepath.Join(e.opts.DataDir, c.File), c.Offset, c.Reason})
		return found, nil
	}
	return found, e.public("verify", err)
}

// verifyIndex checks the index in itself and, if nothing has changed it
// meanwhile, that every key leads to a record that was read.
func (e *engine) verifyIndex(r *Report, changes uint64, found int) error {
	err := e.index.Check()
	if e.closed.Load() {
		return ErrStoreClosed // the index may have been lost
	}
	if err != nil {
		return fmt.Errorf("kv: verify the index: %w", err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	r.Keys = e.index.Len()
	if e.changes == changes && len(r.Defects) == 0 && r.Keys != found {
		return fmt.Errorf("kv: verify: the index has %d keys but leads to %d records", r.Keys, found)
	}
	return nil
}
