package file

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"path"
	"slices"
	"strings"
)

// List implements Storage. It reads the names of all files and sorts them,
// whatever the page, and opens the files of the page and one of each prefix.
func (s *DirStorage) List(ctx context.Context, opts ListOptions) (Page, error) {
	err := opts.check()
	if err != nil {
		return Page{}, failed("list", opts.Prefix, err)
	}
	names, _, err := s.names(ctx, ".")
	if err != nil {
		return Page{}, failed("list", opts.Prefix, err)
	}
	names = slices.DeleteFunc(names, func(name string) bool { return !strings.HasPrefix(name, opts.Prefix) })
	slices.Sort(names)
	page, err := list(opts, func(from string) iter.Seq2[listed, error] { return s.walk(ctx, names, from) })
	return page, failed("list", opts.Prefix, err)
}

// walk yields the files of sorted names, from a name on.
func (s *DirStorage) walk(ctx context.Context, names []string, from string) iter.Seq2[listed, error] {
	return func(yield func(listed, error) bool) {
		first, _ := slices.BinarySearch(names, from)
		for _, name := range names[first:] {
			stat := func() (FileStat, error) { return s.stat(ctx, name) }
			if !yield(listed{name, stat}, nil) {
				return
			}
		}
	}
}

// names returns the names of all files below a directory, in no order, and what
// else there is that is being written. Files that are not ours are left out.
func (s *DirStorage) names(ctx context.Context, dir string) (names, temps []string, err error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	entries, err := s.disk.list(dir)
	if err != nil {
		return nil, nil, bare(err)
	}
	for _, entry := range entries {
		onDisk := path.Join(dir, entry.Name())
		switch {
		case entry.IsDir() && strings.HasPrefix(entry.Name(), dirMark):
			below, _, err := s.names(ctx, onDisk)
			if err != nil {
				return nil, nil, err
			}
			names = append(names, below...)
		case !entry.Type().IsRegular():
		case strings.HasPrefix(entry.Name(), tempMark):
			temps = append(temps, onDisk)
		default:
			if name, ok := fromDisk(onDisk); ok {
				names = append(names, name)
			}
		}
	}
	return names, temps, nil
}

// GC removes what interrupted Puts have left, and files that have expired. Run
// it at the start, and from time to time if files expire. It opens every file,
// and may run beside everything else.
//
// What cannot be read is counted and left, and collection goes on; at the end
// the error is ErrCorrupt. Any other error ends it.
func (s *DirStorage) GC(ctx context.Context) (GCReport, error) {
	var report GCReport
	names, temps, err := s.names(ctx, ".")
	for i := 0; i < len(temps) && err == nil; i++ {
		err = s.collectTemp(temps[i], &report)
	}
	for i := 0; i < len(names) && err == nil; i++ {
		err = s.collectName(ctx, names[i], &report)
	}
	if err == nil && report.Damaged > 0 {
		err = fmt.Errorf("%w: %d files", ErrCorrupt, report.Damaged)
	}
	return report, failed("gc", "", err)
}

func (s *DirStorage) collectTemp(temp string, report *GCReport) error {
	if s.isWritten(temp) {
		report.Kept++
		return nil
	}
	err := bare(s.disk.remove(temp))
	switch {
	case err == nil:
		report.Uploads++
	case errors.Is(err, ErrNotFound):
		return nil // it has got its name, or was removed, since it was listed
	}
	return err
}

// collectName removes a file if it has expired, which is looked at with the
// name locked, so that no other is removed.
func (s *DirStorage) collectName(ctx context.Context, name string, report *GCReport) error {
	defer s.lock(name, name)()
	_, err := s.stat(ctx, name)
	switch {
	case errors.Is(err, ErrCorrupt):
		report.Damaged++
		return nil
	case !errors.Is(err, ErrNotFound):
		return err
	}
	err = bare(s.disk.remove(diskName(name)))
	switch {
	case err == nil:
		report.Bodies++
	case errors.Is(err, ErrNotFound):
		return nil // it was deleted since it was listed
	}
	return err
}

func isEOF(err error) bool   { return errors.Is(err, io.EOF) }
func isExist(err error) bool { return errors.Is(err, fs.ErrExist) }
