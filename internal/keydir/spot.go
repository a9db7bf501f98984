package keydir

// spot is what a slot says of its key's newest record. It is 0 for a ghost.
//
//	63        34 33              2     1       0
//	+-----------+-----------------+---------+------+
//	| segment 30| offset / 8, 32  | touched | live |
//	+-----------+-----------------+---------+------+
//
// touched says that the deadline in the record is not the key's: a later
// one, or none, has taken its place, and the entry has it.
type spot uint64

const (
	spotLive    = 1 << 0
	spotTouched = 1 << 1

	// MaxSegment is the greatest segment number an Entry can hold.
	MaxSegment = 1<<30 - 1
)

func makeSpot(e Entry) spot {
	return spot(e.Segment)<<34 | spot(e.Offset/unit)<<2 | spotLive
}

func (s spot) live() bool { return s&spotLive != 0 }

func (s spot) touched() bool { return s&spotTouched != 0 }

func (s spot) segment() uint32 { return uint32(s >> 34) }

func (s spot) offset() int64 { return int64(uint32(s>>2)) * unit }

// at reports whether a live key's record lies there.
func (s spot) at(segment uint32, offset int64) bool {
	return s.live() && s.segment() == segment && s.offset() == offset
}
