package seglog

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/spcent/plumego/store/internal/record"
	"github.com/spcent/plumego/store/internal/segment"
	"github.com/spcent/plumego/store/internal/vfs"
)

// recovery opens an existing store. It first reads all there is and changes
// nothing; only when everything has proved sound does it remove what
// unfinished work left behind and save the records of a torn tail.
type recovery struct {
	*Log
	Recovery
	replay  func(Location, record.Record)
	orphans []string
	torn    *member      // the open segment of a store that was not closed
	tail    segment.Tail // what it holds
}

func (r *recovery) run() error {
	if err := r.readManifest(); err != nil {
		return err
	}
	if err := r.findOrphans(); err != nil {
		return err
	}
	for _, m := range r.man.segments {
		if err := r.openSegment(m); err != nil {
			return err
		}
	}
	r.seq = r.Seq
	r.raiseDurable(r.seq)
	if r.Mode == vfs.ReadOnly {
		return nil
	}
	return r.repair()
}

func (r *recovery) readManifest() error {
	m, err := readManifest(r.Dir)
	if err != nil {
		return err
	}
	r.man, r.store = m, m.store
	r.Clean, r.Time, r.Seq = m.clean, m.time, m.seq
	return nil
}

// openSegment opens a listed segment and replays what it holds.
func (r *recovery) openSegment(m listed) error {
	s, err := segment.Open(segment.Config{
		Dir: r.Dir, Store: r.store, ID: m.id, Limit: r.SegmentSize, Mode: r.modeOf(m), Ahead: r.Ahead,
	})
	if err != nil {
		return unopened(err, segment.Name(m.id))
	}
	r.Segments++
	member := r.join(s)
	if m.sealed || r.man.clean {
		if !m.sealed {
			r.active = member
		}
		return s.Replay(m.length, m.chain, m.sealed, r.visitor(member))
	}
	return r.openTail(member, m.length)
}

// modeOf returns how to open a listed segment: for writing only where the
// next record goes behind its last.
func (r *recovery) modeOf(m listed) vfs.Mode {
	if m.sealed || !r.man.clean {
		return vfs.ReadOnly
	}
	return r.Mode
}

// openTail finds the end of the segment that was being written, and replays
// it where it is, unless repair will replay its copy.
func (r *recovery) openTail(m *member, durable int64) error {
	tail, err := m.ScanTail(durable)
	if err != nil {
		return err
	}
	if tail.Torn > 0 {
		r.TornFile, r.TornOffset, r.TornBytes = m.Name(), tail.End, tail.Torn
	}
	r.torn, r.tail = m, tail
	stop, err := m.Walk(tail.End, r.visitor(m))
	if err == nil && stop != tail.End {
		err = &segment.CorruptError{File: m.Name(), Offset: stop, Reason: "record changed while it was read"}
	}
	return err
}

// visitor hands the records of a segment to replay. Places in a torn tail
// stay valid: see repair.
func (r *recovery) visitor(m *member) func(segment.Found) error {
	return func(f segment.Found) error {
		r.Records++
		r.Seq = max(r.Seq, f.Seq)
		if f.Type == record.Mark {
			r.Time = max(r.Time, f.Deadline)
			return nil
		}
		r.replay(Location{m.number, f.Offset, int64(len(f.Raw))}, f.Record)
		return nil
	}
}

// repair removes what unfinished work left, and saves a torn tail. The
// manifest that was read may be one whose rename never became durable: it
// must be, before a file that only an older one names is removed.
func (r *recovery) repair() error {
	if len(r.orphans) > 0 {
		if err := syncDir(r.Dir); err != nil {
			return r.check(err)
		}
	}
	for _, name := range append(r.orphans, segment.ManifestTemp) {
		if err := removeIfThere(r.Dir, name); err != nil {
			return err
		}
	}
	r.Orphans = len(r.orphans)
	if r.torn == nil {
		return nil
	}
	return r.saveTail()
}

// saveTail copies the records of the torn segment into a new file, durable
// before Open returns, and goes on there. The old file cannot be trusted
// with them: its pages may be in memory only, and after a failed write-back
// the kernel takes the same bytes again, syncs, reports success, and still
// has not written them.
//
// Records keep their offsets, since both files begin with a header and hold
// the same records: what replay was told stays true under the same number.
func (r *recovery) saveTail() error {
	old := r.torn
	if r.tail.Count == 0 {
		return r.dropTail(old)
	}
	s, err := r.create(r.man.next-1, r.tail.End)
	if err != nil {
		return err
	}
	if err := r.copyTail(s, old.Segment); err != nil {
		return errors.Join(err, r.abandon(s))
	}
	err = r.install(func(m *manifest) {
		*m.open() = listed{s.ID(), false, s.End(), s.Chain()}
		m.next++
		m.clean = true
		m.time = max(m.time, r.Time)
	})
	if err != nil {
		return errors.Join(err, r.abandon(s))
	}
	r.active = r.replace(old, s)
	return r.abandon(old.Segment)
}

// copyTail copies the records below the end of old to s and syncs them.
func (r *recovery) copyTail(s, old *segment.Segment) error {
	stop, err := old.Walk(r.tail.End, func(f segment.Found) error {
		off, err := s.AppendCopy(f.Type, f.Raw)
		if err == nil && off != f.Offset {
			err = fmt.Errorf("copy of %s went out of step at offset %d", old.Name(), off)
		}
		return err
	})
	if err == nil && stop != r.tail.End {
		err = &segment.CorruptError{File: old.Name(), Offset: stop, Reason: "record changed while it was copied"}
	}
	if err != nil {
		return err
	}
	return r.check(s.Sync())
}

// dropTail forgets a segment that holds no record.
func (r *recovery) dropTail(old *member) error {
	err := r.install(func(m *manifest) {
		m.segments = m.segments[:len(m.segments)-1]
		m.clean = true
		m.time = max(m.time, r.Time)
	})
	if err != nil {
		return err
	}
	members := slices.Clone(*r.members.Load())
	members = members[:len(members)-1]
	r.members.Store(&members)
	r.Segments--
	return r.abandon(old.Segment)
}

// replace puts a segment in the place of an old one.
func (r *recovery) replace(old *member, s *segment.Segment) *member {
	members := slices.Clone(*r.members.Load())
	m := &member{Segment: s, number: old.number}
	m.dead.Store(old.dead.Load())
	members[old.number] = m
	r.members.Store(&members)
	return m
}

// findOrphans collects segment files that the manifest does not name. Those
// of unfinished work are empty, or numbered below next; anything else is a
// file of a store that this manifest is too old for.
func (r *recovery) findOrphans() error {
	names, err := r.Dir.List()
	if err != nil {
		return fmt.Errorf("list directory: %w", err)
	}
	for _, name := range names {
		id, ok := segment.ParseName(name)
		if !ok || r.man.has(id) {
			continue
		}
		if err := r.judgeOrphan(id); err != nil {
			return err
		}
		r.orphans = append(r.orphans, name)
	}
	return nil
}

// judgeOrphan returns an error unless the file can only be a left-over.
func (r *recovery) judgeOrphan(id uint64) error {
	name := segment.Name(id)
	if id > r.man.next {
		return &segment.CorruptError{File: name, Reason: "segment is unknown to the manifest"}
	}
	s, err := segment.Open(segment.Config{Dir: r.Dir, Store: r.store, ID: id, Limit: r.SegmentSize})
	if errors.Is(err, segment.ErrNoHeader) {
		// The crash came before its header was durable. Until then the disk
		// may show anything there, also the header of an older file.
		return nil
	}
	if err != nil {
		return err
	}
	empty := true
	_, err = s.Walk(s.Reserved(), func(segment.Found) error {
		empty = false
		return errFound
	})
	if errors.Is(err, errFound) {
		err = nil
	}
	if err == nil && !empty && id >= r.man.next {
		err = &segment.CorruptError{File: name, Reason: "the manifest is older than this segment"}
	}
	return errors.Join(err, s.Close())
}

// errFound ends a walk at the first record.
var errFound = errors.New("found")

// unopened says what it means that a listed file could not be opened.
func unopened(err error, name string) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &segment.CorruptError{File: name, Reason: "missing, though the store needs it"}
	case errors.Is(err, vfs.ErrUnsafeFile):
		return &segment.CorruptError{File: name, Reason: vfs.ErrUnsafeFile.Error()}
	}
	return err
}
