package segment

import (
	"errors"

	"github.com/spcent/plumego/store/internal/record"
)

// Draft is a record that is to be appended in a group.
type Draft struct {
	record.Header // its Commit and Synced are the segment's to fill in
	Key           string
	Value         []byte
	Offset        int64 // where the record lies; the segment's to fill in
}

// Size returns the bytes that the record will take.
func (d *Draft) Size() int64 { return record.Size(len(d.Key), len(d.Value)) }

// GroupSize returns the bytes that a group of records takes.
func GroupSize(group []Draft) (size int64) {
	for i := range group {
		size += group[i].Size()
	}
	return size
}

// AppendGroup writes records behind the last as one commit group: recovery
// finds all of them or none. It is Append otherwise, for at least one record.
//
// The room is reserved for all before the first is written, so only the
// writing itself can fail in the middle. What was written then is not only
// erased but also gone from the disk when AppendGroup returns: a record of it
// that stayed there, the last one even, would be taken up by recovery if the
// next record to come happened to end where it begins.
func (s *Segment) AppendGroup(group []Draft) error {
	size := GroupSize(group)
	if err := s.makeRoom(KindOf(group), size); err != nil {
		return err
	}
	synced := s.synced.Load()
	_, err := s.fill(size, func(dst []byte, at record.Place, t tally) tally {
		for i := range group {
			d := &group[i]
			d.Commit, d.Synced, d.Offset = i == len(group)-1, synced, at.Offset
			n := d.Size()
			record.Encode(dst[:n], at, d.Header, d.Key, d.Value)
			t = t.with(dst[:n])
			dst, at.Offset = dst[n:], at.Offset+n
		}
		return t
	})
	if err != nil && !errors.Is(err, ErrFault) {
		return errors.Join(err, s.Sync())
	}
	return err
}

// KindOf returns the type whose room a group may use: it may have that of
// tombstones only if it has nothing else.
func KindOf(group []Draft) record.Type {
	for i := range group {
		if group[i].Type != record.Tombstone {
			return group[i].Type
		}
	}
	return record.Tombstone
}
