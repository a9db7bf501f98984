package segment

import (
	"errors"
	"fmt"

	"github.com/spcent/plumego/store/internal/record"
	"github.com/spcent/plumego/store/internal/vfs"
)

// ErrFull says that a record does not fit even in the room beyond the limit.
var ErrFull = errors.New("segment is full")

// Room is reserved in steps that double, so that a small store stays small
// and a busy one seldom asks.
const (
	firstRoom = 64 << 10
	maxStep   = 4 << 20
)

// capacity is the greatest length of the file: the limit, or one record that
// is longer, and the headroom.
func (s *Segment) capacity(need int64) int64 {
	return max(s.limit, need+sealSize) + s.headroom
}

// attach maps the file as far as a writer that needs so many bytes may go.
func (s *Segment) attach(need int64) error {
	s.most = s.capacity(need)
	mem, err := s.file.Map(s.most, vfs.ReadWrite)
	if err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return fmt.Errorf("map %s: %w", s.name, err)
	}
	s.mem = mem
	return nil
}

// reserve extends the room to at least want bytes, by a step. Where there is no
// room for the step, only who is sparing goes on: what else would fill the disk
// to the last byte, and a manifest needs some.
func (s *Segment) reserve(want int64) error {
	if want > s.most {
		return fmt.Errorf("%s: %w", s.name, ErrFull)
	}
	step := min(max(firstRoom, 2*s.reserved), s.reserved+maxStep)
	target := min(s.most, max(want, step))
	placement, err := s.file.Reserve(target)
	if s.sparing && errors.Is(err, vfs.ErrNoSpace) {
		target = want
		placement, err = s.file.Reserve(target)
	}
	if err != nil {
		return fmt.Errorf("reserve room in %s: %w", s.name, err)
	}
	s.reserved = target
	s.placement = placement
	if s.mem == nil {
		s.placement = vfs.ByCall
	}
	return nil
}

// Overflows reports whether a record of that size belongs into the next
// segment. One that is longer than the limit fits an empty segment that was
// made for it.
func (s *Segment) Overflows(size int64) bool {
	end := s.end.Load() + size + sealSize
	if s.Empty() {
		return end+s.headroom > s.most
	}
	return end > s.limit
}

// spare is the room that must stay free behind a record. Only tombstones may
// use the headroom: on a full disk deletes still work, since that is how an
// owner makes space.
func (s *Segment) spare(t record.Type) int64 {
	switch t {
	case record.Seal:
		return 0
	case record.Tombstone:
		return sealSize
	default:
		return sealSize + s.headroom
	}
}

// Spares reports whether the room beyond the limit is for records of that
// type, and has room for so many bytes of them.
func (s *Segment) Spares(t record.Type, size int64) bool {
	return t == record.Tombstone && s.end.Load()+size+s.spare(t) <= s.most
}
