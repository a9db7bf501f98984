package seglog

import (
	"errors"
	"fmt"

	"github.com/spcent/plumego/store/internal/segment"
	"github.com/spcent/plumego/store/internal/vfs"
)

// rotate seals the active segment, if there is one, and begins a new one
// with room for a record of that size. If it cannot, everything is as before,
// unless the log is poisoned. It waits for the segment that was filled
// before: of two, all that are not durable, a writer may be ahead of the disk.
func (l *Log) rotate(size int64) error {
	if err := l.settle(l.full); err != nil {
		return err
	}
	next, err := l.begin(size)
	if err != nil {
		return err
	}
	l.full, l.active = l.active, l.join(next)
	if l.full == nil {
		return nil
	}
	l.full.then = l.active
	return l.leaveBehind(l.full)
}

// begin makes the next segment and the manifest that has it.
func (l *Log) begin(size int64) (*segment.Segment, error) {
	l.numbering.Lock()
	defer l.numbering.Unlock()
	next, err := l.next(size)
	if err != nil {
		return nil, err
	}
	if err := l.replaceActive(next); err != nil {
		return nil, errors.Join(err, l.abandon(next))
	}
	return next, nil
}

// leaveBehind has the rest done for a segment that was filled.
func (l *Log) leaveBehind(full *member) error {
	// Room behind the seal is only zeros; if it cannot be given back now, the
	// next Open does not mind it.
	_ = full.Trim()
	calm, limit := l.calm(), l.Usage().Limit
	if !calm {
		l.dropHints()
	}
	work := func() error {
		err := l.finishFull(full)
		if err != nil && l.Err() == nil {
			return nil // the next rotation, or Close, has the manifest say it
		}
		if err == nil {
			err = l.prepare(limit)
		}
		if calm {
			l.leaveHint(full)
		}
		return err
	}
	if l.Behind == nil {
		return work()
	}
	l.Behind(work)
	return nil
}

// finishFull makes a full segment durable and has the manifest say so, which
// spares the next Open a copy of it.
func (l *Log) finishFull(full *member) error {
	if err := l.Err(); err != nil {
		return nil // whoever met it was told
	}
	if err := l.settle(full); err != nil {
		return err
	}
	return l.install(func(m *manifest) { m.seal(full) })
}

// create is createFor a segment that only grows.
func (l *Log) create(id uint64, need, limit int64) (*segment.Segment, error) {
	return l.createFor(segment.Config{ID: id, Need: need, Limit: limit})
}

// createFor makes an empty segment whose file and name are durable. What all
// segments have in common is filled in.
//
// A file of that name can only be one that could not be removed when an
// earlier attempt failed.
func (l *Log) createFor(c segment.Config) (*segment.Segment, error) {
	if err := removeIfThere(l.Dir, segment.Name(c.ID)); err != nil {
		return nil, err
	}
	c.Dir, c.Store, c.Created, c.Ahead = l.Dir, l.store, l.Now(), l.Ahead
	s, err := segment.Create(c)
	if err != nil {
		return nil, l.check(err)
	}
	if err := syncDir(l.Dir); err != nil {
		return nil, errors.Join(l.check(err), l.abandon(s))
	}
	return s, nil
}

// takeNumbers returns the first of n numbers for segments that will have
// records before the manifest names them.
func (l *Log) takeNumbers(n int) (first uint64, err error) {
	l.numbering.Lock()
	defer l.numbering.Unlock()
	if err := l.dropPrepared(); err != nil {
		return 0, err
	}
	err = l.install(func(m *manifest) {
		first = m.next
		m.next += uint64(n)
	})
	return first, err
}

// replaceActive seals the active segment and makes next the active one. The
// manifest must not name next before the seal is written, or the death of the
// process between the two would make all that follows be cut.
func (l *Log) replaceActive(next *segment.Segment) error {
	if l.active != nil {
		if err := l.active.Seal(l.seq); err != nil {
			return l.check(err)
		}
		l.active.last = l.seq
		next.Withhold()
	}
	err := l.install(func(m *manifest) {
		m.seal(l.full)
		m.segments = append(m.segments, listed{id: next.ID(), length: next.End(), chain: next.Chain()})
		m.next = next.ID() + 1
		m.seq = l.seq
		m.clean = false
	})
	if err != nil && l.active != nil && l.Err() == nil {
		return errors.Join(err, l.unseal())
	}
	return err
}

// unseal takes back a seal that the disk may have got already. It must be gone
// from there before anything follows: a crash that takes the next seal and
// leaves this one would show a whole segment with a hole at its end.
func (l *Log) unseal() error {
	return l.check(errors.Join(l.active.Unseal(), l.active.Sync()))
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
