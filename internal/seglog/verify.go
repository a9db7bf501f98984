package seglog

import (
	"errors"

	"github.com/spcent/plumego/store/internal/record"
	"github.com/spcent/plumego/store/internal/segment"
	"github.com/spcent/plumego/store/internal/vfs"
)

// Extent is a segment as it stood at one moment.
type Extent struct {
	number uint32
	listed
}

// Extents returns the segments as they stand now, in log order. It belongs
// to the writer; the result does not. Pin keeps the files it names.
func (l *Log) Extents() []Extent {
	var extents []Extent
	for x, m := range l.inOrder() {
		if m == nil {
			continue // its predecessor was torn, and nothing may be changed
		}
		if !x.sealed {
			x.length, x.chain, x.sealed = m.End(), m.Chain(), m.Sealed()
		}
		extents = append(extents, Extent{m.number, x})
	}
	return extents
}

// Length returns the bytes of the extent.
func (e Extent) Length() int64 { return e.length }

// Verify reads the extent from its file anew, not through what is open, and
// calls visit for each record. Damage is a *segment.CorruptError. Only a
// read-only log uses what is open: see source.
func (l *Log) Verify(e Extent, visit func(Location, record.Record)) error {
	if l.Mode == vfs.ReadOnly {
		return (*l.members.Load())[e.number].Prove(e.length, e.chain, e.sealed, e.visitor(visit))
	}
	return l.verifyIn(l.Dir, e, visit)
}

// verifyIn is Verify of the extent's file in some directory.
func (l *Log) verifyIn(dir vfs.Dir, e Extent, visit func(Location, record.Record)) error {
	s, err := segment.Open(segment.Config{Dir: dir, Store: l.store, ID: e.id, Limit: l.SegmentSize})
	if err != nil {
		return unopened(err, segment.Name(e.id))
	}
	if e.sealed {
		err = s.Replay(e.length, e.chain, true, e.visitor(visit))
	} else {
		err = s.Prove(e.length, e.chain, false, e.visitor(visit))
	}
	return errors.Join(err, s.Close())
}

// visitor hands the records of the extent's file to visit.
func (e Extent) visitor(visit func(Location, record.Record)) func(segment.Found) error {
	return func(f segment.Found) error {
		visit(Location{e.number, f.Offset, int64(len(f.Raw))}, f.Record)
		return nil
	}
}
