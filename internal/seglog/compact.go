package seglog

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/spcent/plumego/store/internal/record"
	"github.com/spcent/plumego/store/internal/segment"
)

// Shape is what a segment is like, for whoever chooses what to compact.
type Shape struct {
	Number uint32
	Sealed bool   // it may be compacted, if all up to Last is published
	Size   int64  // bytes of records
	Dead   int64  // bytes of those that nobody needs
	Gain   int64  // bytes of those that compaction can be expected to free
	Stale  bool   // it has dead values
	Purged uint64 // seq: none of those was dead when the log had come to it
	Last   uint64 // seq of its newest record
	Latest int64  // deadline by which all its values are dead, Unix ms
}

// Hollow reports whether nothing is alive in the segment.
func (s Shape) Hollow() bool { return s.Dead >= s.Size-sealSize }

// Shapes returns the segments in log order. It belongs to the writer.
func (l *Log) Shapes() []Shape {
	var shapes []Shape
	forget := uint64(math.MaxUint64)
	// A touch that was kept may be useless by now, but nobody counts that. It
	// is worth a look when the log has been written half anew.
	patience := l.Usage().Records / 2
	for x, m := range l.inOrder() {
		s := Shape{
			Number: m.number,
			Sealed: x.sealed && !m.damaged,
			Size:   m.End() - segment.HeaderSize,
			Dead:   m.dead.Load(),
			Stale:  m.stale.Load() > 0,
			Purged: x.purged,
			Last:   m.last,
			Latest: m.latest.Load(),
		}
		s.Gain = s.Dead
		if forget < m.last {
			s.Gain -= m.keptKillers
		}
		if l.appended-m.keptAt < patience {
			s.Gain -= m.keptTouches
		}
		if s.Stale {
			forget = min(forget, x.purged)
		}
		shapes = append(shapes, s)
	}
	return shapes
}

// Verdict says what becomes of a record.
type Verdict int

// The verdicts.
const (
	Drop Verdict = iota
	Keep         // as it is, but with the deadline that was returned
	Kill         // it matters only as the death of older values
)

// Rewrite is a compaction under way. There is one at a time.
type Rewrite struct {
	log   *Log
	old   []*member
	seq   uint64 // the index showed all up to this before the first verdict
	clear uint64 // killers up to this seq have nothing left to kill

	out    *segment.Segment // nil until there is something to keep
	joined *member          // out as a part of the log
	moves  []move           // of the values in out, in their order
	kills  int64            // bytes in out that only kill
	touch  int64            // bytes in out that only touch
	at     int64            // bytes that had been appended to the log
	latest int64            // deadline in out, Unix milliseconds
	last   uint64           // seq of the newest record in out
}

// move is a record of value that has got a new place.
type move struct {
	from Location
	to   int64
}

// Begin begins to rewrite segments that are adjacent, sealed and published:
// the index shows all up to the seq. It belongs to the writer.
func (l *Log) Begin(numbers []uint32, published uint64) *Rewrite {
	w := &Rewrite{log: l, seq: published, clear: math.MaxUint64, at: l.appended}
	members := *l.members.Load()
	for _, n := range numbers {
		w.old = append(w.old, members[n])
	}
	for x, m := range l.inOrder() {
		if m == w.old[0] {
			break
		}
		if m.stale.Load() > 0 {
			w.clear = min(w.clear, x.purged)
		}
	}
	return w
}

// sealSize is what a seal takes of a segment's records.
const sealSize = record.HeaderSize + 16

// Copy has every record judged and copies what is to be kept. pace is called
// with the bytes read since it was last called, and may wait, or end the
// copy by an error. The old segments are proved to be sound meanwhile:
// damage is a *segment.CorruptError, and nothing is lost by it.
func (w *Rewrite) Copy(judge func(Location, record.Record) (Verdict, int64), pace func(int64) error) error {
	byID := map[uint64]listed{}
	for _, x := range w.log.man.Load().segments {
		byID[x.id] = x
	}
	for _, m := range w.old {
		x := byID[m.ID()]
		err := m.Prove(x.length, x.chain, true, func(f segment.Found) error {
			at := Location{m.number, f.Offset, int64(len(f.Raw))}
			v, deadline := judge(at, f.Record)
			if err := w.take(at, f.Record, v, deadline); err != nil {
				return err
			}
			return pace(at.Size)
		})
		var corrupt *segment.CorruptError
		if errors.As(err, &corrupt) {
			m.damaged = true
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// take does what a verdict says.
func (w *Rewrite) take(at Location, r record.Record, v Verdict, deadline int64) error {
	h := record.Header{Type: r.Type, Commit: true, Seq: r.Seq, Deadline: deadline}
	value := r.Value
	switch {
	case v == Drop, v == Kill && r.Seq <= w.clear && r.Type != record.Touch:
		return nil
	case v == Kill:
		h.Type, h.Deadline, value = record.Tombstone, 0, nil
	}
	if w.out == nil {
		if err := w.create(); err != nil {
			return err
		}
	}
	off, err := w.out.Append(h, string(r.Key), value)
	if err != nil {
		return w.log.check(err)
	}
	w.log.copying.Store(w.out.End())
	w.last = max(w.last, r.Seq)
	switch h.Type {
	case record.Put:
		w.moves = append(w.moves, move{at, off})
		w.latest = max(w.latest, lifeEnd(deadline))
	case record.Touch:
		w.touch += at.Size
	default:
		w.kills += record.Size(len(r.Key), 0)
	}
	return nil
}

// create makes the new segment, with room for what is alive: a disk may be
// full of what is not. All that is old may come.
func (w *Rewrite) create() error {
	id, err := w.log.takeNumbers(1)
	if err != nil {
		return err
	}
	var need, likely int64
	for _, m := range w.old {
		size := m.End() - segment.HeaderSize
		need += size
		likely += max(0, size-m.dead.Load())
	}
	w.out, err = w.log.createFor(segment.Config{ID: id, Need: need, Likely: min(need, likely+record.Align)})
	return err
}

// Freed returns by how many bytes the log has become smaller.
func (w *Rewrite) Freed() int64 {
	n := -w.Written()
	for _, m := range w.old {
		n += m.End()
	}
	return n
}

// Written returns how many bytes the new segment has.
func (w *Rewrite) Written() int64 {
	if w.out == nil {
		return 0
	}
	return w.out.End()
}

// Install makes the new segment part of the log, and the old ones not. All
// up to the cut, which was taken when the last record had been judged, is
// durable before. An error leaves the log as it was, unless it is poisoned.
func (w *Rewrite) Install(c Cut) error {
	l := w.log
	defer func() { _ = l.unpin(c.pin) }()
	if w.out != nil {
		if err := w.out.Seal(w.last); err != nil {
			return l.check(err)
		}
		_ = w.out.Trim()
		if err := w.out.Sync(); err != nil {
			return l.check(err)
		}
	}
	if err := l.syncTo(c); err != nil {
		return err
	}
	if w.out != nil {
		w.joined = l.join(w.out)
		w.joined.last = w.last
		w.joined.keptKillers, w.joined.keptTouches, w.joined.keptAt = w.kills, w.touch, w.at
		w.joined.dead.Store(w.kills + w.touch)
		w.joined.latest.Store(w.latest)
	}
	err := l.install(func(m *manifest) {
		m.extend(c.ends)
		w.list(m)
	})
	if err != nil && w.joined != nil {
		l.joining.Lock()
		l.detach([]*member{w.joined})
		l.joining.Unlock()
	}
	if err == nil {
		l.copying.Store(0)
	}
	return err
}

// Refresh has the manifest call the full segment sealed, and begins a new
// segment if the active one has dead records, so that both can be compacted.
// It belongs to the writer.
func (l *Log) Refresh() error {
	if l.full != nil && l.man.Load().leavesOpen(l.full.ID()) {
		if err := l.finishFull(l.full); err != nil {
			return err
		}
	}
	if l.active == nil || l.active.dead.Load() == 0 {
		return l.Err()
	}
	if err := l.unclean(); err != nil {
		return err
	}
	if err := l.rotate(0); err != nil {
		return err
	}
	return l.finishFull(l.full)
}

// list puts the new segment in the place of the old ones.
func (w *Rewrite) list(m *manifest) {
	at := slices.IndexFunc(m.segments, func(x listed) bool { return x.id == w.old[0].ID() })
	var put []listed
	if w.out != nil {
		put = []listed{{w.out.ID(), true, w.out.End(), w.out.Chain(), w.seq}}
	}
	m.segments = slices.Replace(m.segments, at, at+len(w.old), put...)
}

// Moves calls move for each value that has a new place, from the first to
// the last, with the deadline that its record now has. One that reports
// false is dead in its new place.
func (w *Rewrite) Moves(move func(key string, from, to Location, deadline int64) bool) error {
	if w.out == nil {
		return nil
	}
	next := 0
	stop, err := w.out.Walk(w.out.End(), func(f segment.Found) error {
		if f.Type != record.Put {
			return nil
		}
		m := w.moves[next]
		next++
		to := Location{w.joined.number, f.Offset, int64(len(f.Raw))}
		if m.to != f.Offset {
			return fmt.Errorf("%s went out of step at offset %d", w.out.Name(), f.Offset)
		}
		if !move(string(f.Key), m.from, to, f.Deadline) {
			w.log.Dead(to)
		}
		return nil
	})
	if err == nil && stop != w.out.End() {
		err = &segment.CorruptError{File: w.out.Name(), Offset: stop, Reason: "record changed while it was read back"}
	}
	if err != nil {
		// The index leads to files that no manifest names.
		return w.log.check(fmt.Errorf("%w: %w", segment.ErrBroken, err))
	}
	return nil
}

// Has reports whether a place lies in one of the old segments.
func (w *Rewrite) Has(at Location) bool {
	return slices.ContainsFunc(w.old, func(m *member) bool { return m.number == at.Segment })
}

// Retire ends the use of the old segments, and returns what is left to do:
// the removal of their files, and a hint for the new one. It belongs to the
// writer, and nobody may come to their records any more but by a Pin.
func (w *Rewrite) Retire() (rest func() error) {
	free, calm := w.log.retire(w.old), w.log.calm()
	return func() error {
		var err error
		if w.joined != nil && calm {
			w.log.leaveHint(w.joined)
		}
		for _, m := range free {
			err = errors.Join(err, w.log.drop(m))
		}
		return err
	}
}

// Abandon gives up a rewrite that was not installed.
func (w *Rewrite) Abandon() error {
	w.log.copying.Store(0)
	if w.out == nil {
		return nil
	}
	return w.log.abandon(w.out)
}
