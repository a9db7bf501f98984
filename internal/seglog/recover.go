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
// unfinished work left behind and save the records that are not known to be
// durable.
type recovery struct {
	*Log
	Recovery
	replay  func(Location, record.Record)
	orphans []string
	image   bool                        // there is a file of that name
	loaded  *Image                      // what is known of the records; nil: they were read
	hints   map[uint64]bool             // by id; there is a file of that name
	ahead   map[uint64]*segment.Segment // by id; opened and not asked for yet
	// tails are the open segments of a store that was not closed, those whose
	// records count.
	tails []tail
	// lost is the name of a segment that was begun behind one that has turned
	// out not to be whole, or "".
	lost string
}

// tail is an open segment and what it holds.
type tail struct {
	*member
	segment.Tail
	followed bool // by another tail: this one is whole
}

func (r *recovery) run() error {
	err := r.recover()
	switch {
	case r.loaded == nil:
	case err != nil:
		err = errors.Join(err, r.loaded.Close())
	default:
		r.Load(r.loaded)
	}
	return err
}

// recover is run without Load.
func (r *recovery) recover() error {
	if err := r.readManifest(); err != nil {
		return err
	}
	if err := r.findOrphans(); err != nil {
		return err
	}
	if r.Mode == vfs.ReadOnly {
		r.openAhead()
	}
	if err := r.openSegments(); err != nil {
		return err
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
	r.man.Store(&m)
	r.store = m.store
	r.Clean, r.Time, r.Seq = m.clean, m.time, m.seq
	return nil
}

// openSegments opens all segments and replays them, or takes what they hold
// from the image.
func (r *recovery) openSegments() error {
	if r.image && r.Load != nil {
		if x, err := openImage(r.Dir, r.man.Load()); err == nil {
			return r.openByImage(x)
		}
	}
	if r.image {
		r.Ignored++
	}
	for _, m := range r.man.Load().segments {
		if err := r.openSegment(m); err != nil {
			return err
		}
	}
	return nil
}

// openByImage opens all segments without reading a record.
func (r *recovery) openByImage(x *Image) error {
	r.loaded = x
	for i, m := range r.man.Load().segments {
		if err := r.trustSegment(m, x.members[i]); err != nil {
			return err
		}
	}
	r.imaged, r.Imaged = true, true
	return nil
}

// trustSegment opens a listed segment that an image knows.
func (r *recovery) trustSegment(m listed, known figures) error {
	s, err := r.openFile(m)
	if err != nil {
		return err
	}
	member := r.join(s)
	member.dead.Store(known.dead)
	member.stale.Store(known.stale)
	member.latest.Store(known.latest)
	member.last = known.last
	if r.hints[m.id] {
		member.hint.Store(known.hint)
	}
	if !m.sealed {
		r.active = member
	}
	r.Segments++
	return s.Trust(m.length, m.chain, known.count)
}

// openFile opens a listed segment.
func (r *recovery) openFile(m listed) (*segment.Segment, error) {
	if s := r.ahead[m.id]; s != nil {
		delete(r.ahead, m.id)
		return s, nil
	}
	s, err := segment.Open(segment.Config{
		Dir: r.Dir, Store: r.store, ID: m.id, Limit: r.SegmentSize, Mode: r.modeOf(m), Ahead: r.Ahead,
	})
	return s, unopened(err, segment.Name(m.id))
}

// openSegment opens a listed segment and replays what it holds.
func (r *recovery) openSegment(m listed) error {
	s, err := r.openFile(m)
	if err != nil {
		return err
	}
	if n := len(r.tails); n > 0 {
		if !r.tails[n-1].Sealed {
			return errors.Join(r.lose(s), s.Close())
		}
		r.tails[n-1].followed = true
		if err := r.tails[n-1].AdoptSeal(); err != nil {
			return errors.Join(err, s.Close())
		}
	}
	r.Segments++
	member := r.join(s)
	if m.sealed || r.Clean {
		if !m.sealed {
			r.active = member
		}
		return r.replayListed(m, member)
	}
	return r.openTail(member, m.length)
}

// replayListed replays a segment whose length and chain are known, from its
// hint if it has one.
func (r *recovery) replayListed(m listed, to *member) error {
	if !m.sealed || !r.hints[m.id] {
		return to.Replay(m.length, m.chain, m.sealed, r.visitor(to))
	}
	size, err := readHint(r.Dir, to.Segment, m, func(off, size int64, rec record.Record) {
		r.visit(to, Location{to.number, off, size}, rec)
	})
	if err != nil {
		r.Ignored++
		return to.Replay(m.length, m.chain, m.sealed, r.visitor(to))
	}
	to.hint.Store(size)
	r.Hinted++
	return to.Trust(m.length, m.chain, 0)
}

// modeOf returns how to open a listed segment: for writing only where the
// next record goes behind its last.
func (r *recovery) modeOf(m listed) vfs.Mode {
	if m.sealed || !r.Clean {
		return vfs.ReadOnly
	}
	return r.Mode
}

// openTail finds the end of a segment that was not known to be durable, and
// replays it where it is, unless repair will replay its copy.
func (r *recovery) openTail(m *member, durable int64) error {
	if err := m.Remeasure(); err != nil {
		return err
	}
	t, err := m.ScanTail(durable)
	if err != nil {
		return err
	}
	r.tear(m.Name(), t.Cut, t.Torn)
	r.tails = append(r.tails, tail{member: m, Tail: t})
	stop, err := m.Walk(t.End, r.visitor(m))
	if err == nil && stop != t.End {
		err = &segment.CorruptError{File: m.Name(), Offset: stop, Reason: "record changed while it was read"}
	}
	return err
}

// lose leaves out a segment whose predecessor ends without its seal: the
// records between the two are gone, so none of these was promised. Unless one
// of them proves otherwise: then the predecessor was whole, and is damaged.
func (r *recovery) lose(s *segment.Segment) error {
	before := r.tails[len(r.tails)-1]
	vouched, err := s.Vouched()
	if err != nil {
		return err
	}
	if vouched {
		return &segment.CorruptError{
			File: before.Name(), Offset: before.End, Reason: "segment ends too early, and the next one proves it was durable",
		}
	}
	used, err := s.Used()
	r.lost = s.Name()
	r.tear(s.Name(), segment.HeaderSize, used)
	return err
}

// tear notes a cut of n bytes, if it is one. Of two, the first is where the
// log ends.
func (r *recovery) tear(name string, off, n int64) {
	if n > 0 && r.TornBytes == 0 {
		r.TornFile, r.TornOffset = name, off
	}
	r.TornBytes += n
}

// visitor hands the records of a segment to replay. Places in a torn tail
// stay valid: see repair.
func (r *recovery) visitor(m *member) func(segment.Found) error {
	return func(f segment.Found) error {
		r.visit(m, Location{m.number, f.Offset, int64(len(f.Raw))}, f.Record)
		return nil
	}
}

// visit takes in a record. Its value may be left out.
func (r *recovery) visit(m *member, at Location, rec record.Record) {
	r.Records++
	r.Seq = max(r.Seq, rec.Seq)
	m.note(rec.Header)
	if rec.Type == record.Mark {
		r.Time = max(r.Time, rec.Deadline)
		r.Spent(at)
		return
	}
	r.replay(at, rec)
}

// repair removes what unfinished work left, and saves the tails. The
// manifest that was read may be one whose rename never became durable: it
// must be, before a file that only an older one names is removed.
func (r *recovery) repair() error {
	// A manifest that does not name a file is durable before that is removed.
	// One that names no segment may be the first, which was never made durable:
	// what will be made beside it must not be all that a power loss leaves.
	if len(r.orphans) > 0 || len(r.man.Load().segments) == 0 {
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
	r.dropCaches()
	if len(r.tails) == 0 {
		return nil
	}
	return r.saveTails()
}

// dropCaches removes the image and the hints that are of no use.
func (r *recovery) dropCaches() {
	if r.image && !r.imaged {
		r.dropCache(segment.IndexName)
	}
	for _, m := range *r.members.Load() {
		if m.hint.Load() != 0 {
			delete(r.hints, m.ID())
		}
	}
	for id := range r.hints {
		r.dropCache(segment.HintName(id))
	}
}

// saveTails copies the records of the tails into new files, durable before
// Open returns, and goes on behind the last. The old files cannot be trusted
// with them: their pages may be in memory only, and after a failed write-back
// the kernel takes the same bytes again, syncs, reports success, and still
// has not written them.
//
// Records keep their offsets, since both files begin with a header and hold
// the same records: what replay was told stays true under the same number.
func (r *recovery) saveTails() error {
	first, err := r.takeNumbers(len(r.tails))
	if err != nil {
		return err
	}
	var copies []*segment.Segment
	for i, t := range r.tails {
		s, err := r.saveTail(t, first+uint64(i))
		if err != nil {
			return errors.Join(err, r.abandonAll(copies))
		}
		if s != nil {
			copies = append(copies, s)
		}
	}
	if err := r.install(func(m *manifest) { r.list(m, copies) }); err != nil {
		return errors.Join(err, r.abandonAll(copies))
	}
	return r.exchange(copies)
}

// saveTail returns the durable copy of a tail, or nil if there is nothing to
// go on behind.
func (r *recovery) saveTail(t tail, id uint64) (*segment.Segment, error) {
	if t.Count == 0 && !t.followed {
		return nil, nil
	}
	s, err := r.create(id, t.End, r.SegmentSize)
	if err != nil {
		return nil, err
	}
	if err := r.copyTail(s, t); err != nil {
		return nil, errors.Join(err, r.abandon(s))
	}
	return s, nil
}

// copyTail copies the records of a tail to s, seals them if another follows,
// and syncs them.
func (r *recovery) copyTail(s *segment.Segment, t tail) error {
	var seq uint64
	stop, err := t.Walk(t.End, func(f segment.Found) error {
		seq = f.Seq
		off, err := s.AppendCopy(f.Type, f.Raw)
		if err == nil && off != f.Offset {
			err = fmt.Errorf("copy of %s went out of step at offset %d", t.Name(), off)
		}
		return err
	})
	if err == nil && stop != t.End {
		err = &segment.CorruptError{File: t.Name(), Offset: stop, Reason: "record changed while it was copied"}
	}
	if err == nil && t.followed {
		err = s.Seal(seq)
		_ = s.Trim() // as at any rotation
	}
	if err != nil {
		return err
	}
	return r.check(s.Sync())
}

// list puts the copies in the place of the open segments.
func (r *recovery) list(m *manifest, copies []*segment.Segment) {
	m.segments = slices.DeleteFunc(m.segments, func(l listed) bool { return !l.sealed })
	for i, s := range copies {
		m.segments = append(m.segments, listed{id: s.ID(), sealed: r.tails[i].followed, length: s.End(), chain: s.Chain()})
	}
	m.clean = true
	m.seq = r.seq
	m.time = max(m.time, r.Time)
}

// exchange reads the copies from now on and removes the old files.
func (r *recovery) exchange(copies []*segment.Segment) error {
	members := slices.Clone(*r.members.Load())
	members = members[:len(members)-len(r.tails)]
	for i, s := range copies {
		old := r.tails[i].member
		m := &member{Segment: s, number: old.number, last: old.last}
		m.dead.Store(old.dead.Load())
		m.stale.Store(old.stale.Load())
		m.latest.Store(old.latest.Load())
		members = append(members, m)
		if !r.tails[i].followed {
			r.active = m
		}
	}
	r.members.Store(&members)
	r.Segments -= len(r.tails) - len(copies)
	var err error
	for _, t := range r.tails {
		err = errors.Join(err, r.abandon(t.Segment))
	}
	if r.lost != "" {
		err = errors.Join(err, r.Dir.Remove(r.lost))
	}
	return err
}

func (r *recovery) abandonAll(copies []*segment.Segment) error {
	var err error
	for _, s := range copies {
		err = errors.Join(err, r.abandon(s))
	}
	return err
}

// findOrphans collects segment files that the manifest does not name. Those
// of unfinished work are empty, or numbered below next; anything else is a
// file of a store that this manifest is too old for.
func (r *recovery) findOrphans() error {
	r.hints = make(map[uint64]bool)
	names, err := r.Dir.List()
	if err != nil {
		return fmt.Errorf("list directory: %w", err)
	}
	for _, name := range names {
		r.image = r.image || name == segment.IndexName
		if id, ok := segment.ParseHintName(name); ok {
			r.hints[id] = true
		}
		id, ok := segment.ParseName(name)
		if !ok || r.man.Load().has(id) {
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
	if id > r.man.Load().next {
		return &segment.CorruptError{File: name, Reason: "segment is unknown to the manifest"}
	}
	s, err := segment.Open(segment.Config{Dir: r.Dir, Store: r.store, ID: id, Limit: r.SegmentSize})
	if errors.Is(err, segment.ErrNoHeader) {
		// The crash came before its header was durable. Until then the disk
		// may show anything there, also the header of an older file.
		return nil
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil // a writer beside this reader has removed it
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
	if err == nil && !empty && id >= r.man.Load().next {
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
