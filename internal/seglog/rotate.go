package seglog

import (
	"errors"
	"fmt"

	"github.com/spcent/plumego/store/internal/segment"
	"github.com/spcent/plumego/store/internal/vfs"
)

// rotate seals the open segment, if there is one, and opens a new one with
// room for a record of that size. If it cannot, everything is as before,
// unless the log is poisoned.
//
// Two numbers are taken: the new segment's, and one kept for the copy that
// recovery may have to make of it.
func (l *Log) rotate(size int64) error {
	next, err := l.create(l.man.next, size)
	if err != nil {
		return err
	}
	if err := l.replaceActive(next); err != nil {
		return errors.Join(err, l.abandon(next))
	}
	if old := l.active; old != nil {
		// Room behind the seal is only zeros; if it cannot be given back
		// now, the next Open does not mind it.
		_ = old.Trim()
	}
	l.active = l.join(next)
	return nil
}

// create makes an empty segment whose file and name are durable.
//
// A file of that name can only be one that could not be removed when an
// earlier attempt failed.
func (l *Log) create(id uint64, need int64) (*segment.Segment, error) {
	if err := removeIfThere(l.Dir, segment.Name(id)); err != nil {
		return nil, err
	}
	s, err := segment.Create(segment.Config{
		Dir: l.Dir, Store: l.store, ID: id, Created: l.Now(), Limit: l.SegmentSize, Need: need, Ahead: l.Ahead,
	})
	if err != nil {
		return nil, l.check(err)
	}
	if err := syncDir(l.Dir); err != nil {
		return nil, errors.Join(l.check(err), l.abandon(s))
	}
	return s, nil
}

// replaceActive seals the open segment and makes next the open one in a
// single manifest.
func (l *Log) replaceActive(next *segment.Segment) error {
	if l.active != nil {
		if err := l.active.Seal(l.seq); err != nil {
			return l.check(err)
		}
		l.syncs.Add(1)
		l.raiseDurable(l.seq)
	}
	err := l.install(func(m *manifest) {
		if open := m.open(); open != nil {
			*open = listed{open.id, true, l.active.End(), l.active.Chain()}
		}
		m.segments = append(m.segments, listed{next.ID(), false, next.End(), next.Chain()})
		m.next = next.ID() + 2
		m.clean = false
	})
	if err != nil && l.active != nil && l.Err() == nil {
		return errors.Join(err, l.check(l.active.Unseal()))
	}
	return err
}

// abandon removes a segment that no manifest names. Once the log is poisoned
// the manifest on disk may name it after all: then the next Open decides.
func (l *Log) abandon(s *segment.Segment) error {
	if l.Err() != nil {
		return s.Close()
	}
	return errors.Join(s.Close(), l.Dir.Remove(s.Name()))
}

// syncDir makes the names in a directory durable.
func syncDir(dir vfs.Dir) error {
	if err := dir.Sync(); err != nil {
		return fmt.Errorf("%w: directory: %w", segment.ErrSync, err)
	}
	return nil
}
