package seglog

import (
	"errors"
	"io"

	"github.com/spcent/plumego/store/internal/segment"
	"github.com/spcent/plumego/store/internal/vfs"
)

// A log that is opened read-only may have a writer beside it, in this process
// or another. What it has read does not change: a writer only puts records
// behind the others, and replaces files by new ones. So it is the log as of
// some moment since the open began, for as long as it is open.

// Generation returns the number of the manifest that is in force, 0 if none
// has been read. It is also there when Open has failed.
//
// Whatever a writer does that looks like damage to a reader who has read the
// manifest before (records behind the end, files that are gone or are not
// listed) it does when a newer manifest is in force. So what Open reports
// twice of one generation is damage, and what it reports once may be a writer
// at work. One thing may come twice, if seldom: a writer gives room back while
// it is being read. And files that are not listed may go at any time, one after
// the other, so that they are gone is never reported.
func (l *Log) Generation() uint64 {
	if m := l.man.Load(); m != nil {
		return m.generation
	}
	return 0
}

// openAhead opens all files before the first is read, because a writer may
// remove them: what is open stays. One that cannot be opened is met again in
// its turn.
func (r *recovery) openAhead() {
	ahead := make(map[uint64]*segment.Segment)
	for _, m := range r.man.Load().segments {
		if s, err := r.openFile(m); err == nil {
			ahead[m.id] = s
		}
	}
	r.ahead = ahead
}

// closeAhead lets go of what was opened and not asked for.
func (r *recovery) closeAhead() error {
	var err error
	for _, s := range r.ahead {
		err = errors.Join(err, s.Close())
	}
	return err
}

// source opens an extent's file. A read-only log reads what it has open: a
// writer may have removed the name.
func (l *Log) source(x Extent) (source, error) {
	if l.Mode == vfs.ReadOnly {
		return lent{(*l.members.Load())[x.number]}, nil
	}
	return l.Dir.Open(segment.Name(x.id), vfs.ReadOnly)
}

type source interface {
	io.ReaderAt
	io.Closer
}

// lent is a file that stays open.
type lent struct{ io.ReaderAt }

func (lent) Close() error { return nil }
