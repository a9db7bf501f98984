package seglog

import (
	"iter"
	"math"
	"slices"
	"sync/atomic"

	"github.com/spcent/plumego/store/internal/record"
	"github.com/spcent/plumego/store/internal/segment"
)

// member is a segment with what the log knows about it.
type member struct {
	*segment.Segment
	number uint32

	// dead is the bytes of records that nobody needs; stale those of them
	// that hold a value, which would be served again if what killed it were
	// forgotten.
	dead, stale atomic.Int64
	// latest is the latest deadline of its values, in Unix milliseconds;
	// math.MaxInt64 if one has none. Touches in other segments are left out.
	latest atomic.Int64

	last uint64  // seq of its newest record; the writer's, final once it is full
	then *member // the one begun behind it; set when it is full

	// Its compaction had to leave so many bytes of killers, and of touches
	// that were in force, when so many bytes had been appended to the log.
	keptKillers, keptTouches, keptAt int64
	// damaged says that compaction found it so. It is the compactor's.
	damaged bool

	hint atomic.Int64 // bytes of its hint; 0: it has none

	// retired is not 0 once it has been replaced and is there only for pins
	// of lower numbers. Protected by Log.joining.
	retired uint64
}

// note counts a record in.
func (m *member) note(h record.Header) {
	m.last = max(m.last, h.Seq)
	if h.Type != record.Put {
		return
	}
	if end := lifeEnd(h.Deadline); end > m.latest.Load() {
		m.latest.Store(end)
	}
}

// lifeEnd is a deadline that can be compared: none is the latest.
func lifeEnd(deadline int64) int64 {
	if deadline == 0 {
		return math.MaxInt64
	}
	return deadline
}

// Dead counts the value at that place as needed by nobody.
func (l *Log) Dead(at Location) {
	m := (*l.members.Load())[at.Segment]
	m.dead.Add(at.Size)
	m.stale.Add(at.Size)
}

// Spent counts the record at that place, which holds no value, as needed by
// nobody: the index remembers what it says.
func (l *Log) Spent(at Location) {
	(*l.members.Load())[at.Segment].dead.Add(at.Size)
}

// join adds a segment to the members.
func (l *Log) join(s *segment.Segment) *member {
	l.joining.Lock()
	defer l.joining.Unlock()
	members := slices.Clone(*l.members.Load())
	n := slices.Index(members, nil)
	if n < 0 {
		n = len(members)
		members = append(members, nil)
	}
	members[n] = &member{Segment: s, number: uint32(n)}
	l.members.Store(&members)
	return members[n]
}

// inOrder yields what the manifest lists, in log order, with its members. One
// without a member is a segment that a read-only open has left out. It belongs
// to the writer.
func (l *Log) inOrder() iter.Seq2[listed, *member] {
	list := l.man.Load().segments // before the members, which may become more
	byID := make(map[uint64]*member)
	for _, m := range *l.members.Load() {
		if m != nil {
			byID[m.ID()] = m
		}
	}
	return func(yield func(listed, *member) bool) {
		for _, x := range list {
			if !yield(x, byID[x.id]) {
				return
			}
		}
	}
}

// Usage is what the log occupies.
type Usage struct {
	Segments int
	Disk     int64  // bytes of segment files, reserved room excluded
	Records  int64  // bytes of records
	Dead     int64  // bytes of records that nobody needs
	Seals    int64  // bytes of records that end a segment, in Records too
	Hollow   int    // full segments in which nothing is alive
	Pinned   int64  // bytes of files that were replaced and are still read
	Copying  int64  // bytes of a copy that is no part of the log yet
	Hints    int64  // bytes of hint files
	Limit    int64  // length in bytes at which the next segment counts as full
	Durable  uint64 // seq up to which all is on stable storage
	Syncs    uint64
}

// Segments of a small store are small, so that compaction has pieces to
// choose from: a sixteenth of what is alive, within these bounds.
const (
	leastLimit   = 4 << 20 // bytes; SegmentSize if that is less
	segmentShare = 16
)

// hollow reports whether nothing is alive in a segment that was sealed.
func (m *member) hollow() bool {
	return m.dead.Load() >= m.End()-segment.HeaderSize-sealSize
}

// Usage adds up the members. It belongs to the writer.
func (l *Log) Usage() Usage {
	u := Usage{Copying: l.copying.Load(), Durable: l.durable.Load(), Syncs: l.syncs.Load()}
	l.joining.Lock()
	defer l.joining.Unlock()
	for _, m := range *l.members.Load() {
		switch {
		case m == nil:
		case m.retired != 0:
			u.Pinned += m.End()
		default:
			u.Segments++
			u.Disk += m.End()
			u.Records += m.End() - segment.HeaderSize
			u.Dead += m.dead.Load()
			u.Hints += m.hint.Load()
			if m != l.active {
				u.Seals += sealSize
			}
			if m != l.active && m.hollow() && m.keptKillers+m.keptTouches == 0 {
				u.Hollow++
			}
		}
	}
	u.Limit = min(max((u.Records-u.Dead)/segmentShare, min(leastLimit, l.SegmentSize)), l.SegmentSize)
	return u
}
