package kv

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"slices"

	"github.com/spcent/plumego/store/internal/record"
	"github.com/spcent/plumego/store/internal/seglog"
)

// Diagnose names every defect of the store in a directory, also of one that
// is too damaged to open. It is to be asked when NewKVStore has returned
// ErrCorrupt: unlike Verify it does not know the index, and it looks for
// damage only, not for records in the place of others. It reads every byte,
// opens nothing for writing and takes no lock.
//
// Errors are those of Salvage. Defects are no error; they are ordered by file
// and offset.
func Diagnose(ctx context.Context, dir string) (Report, error) {
	w := &salvage{ctx: ctx, src: dir}
	r, err := w.diagnose()
	if err != nil {
		return Report{}, w.public(err)
	}
	return r, nil
}

func (w *salvage) diagnose() (_ Report, err error) {
	dir, err := w.fileSystem().OpenDir(w.src)
	if errors.Is(err, fs.ErrNotExist) {
		return Report{}, errNoStore
	}
	if err != nil {
		return Report{}, err
	}
	defer func() { err = errors.Join(err, dir.Close()) }()
	if w.ruin, err = seglog.ReadRuin(dir); err != nil {
		return Report{}, err
	}
	defer func() { err = errors.Join(err, w.ruin.Close()) }()
	var bytes int64
	err = w.ruin.Sift(func(at seglog.Source, _ record.Record) error {
		bytes += at.Size
		return w.ctx.Err()
	})
	if err != nil {
		return Report{}, err
	}
	w.tell()
	r := Report{Segments: w.report.Segments, Records: w.report.Records, Bytes: bytes}
	for _, d := range append(w.report.Lost, w.report.Harmless...) {
		r.Defects = append(r.Defects, CorruptError{d.File, d.Offset, d.Reason})
	}
	slices.SortStableFunc(r.Defects, func(a, b CorruptError) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Offset, b.Offset))
	})
	return r, nil
}
