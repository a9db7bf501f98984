package seglog

import "github.com/spcent/plumego/store/internal/segment"

// AppendGroup writes records behind all others as one commit group: after a
// crash all of them are there or none. It fills in their offsets and seqs,
// which follow each other, and returns the number of their segment. After an
// error none was written, as after one of Append. There must be at least one
// record.
//
// They lie in one segment, since recovery judges a group where it ends; a
// group that is longer than a segment gets one of its own.
func (l *Log) AppendGroup(group []segment.Draft) (number uint32, err error) {
	size := segment.GroupSize(group)
	if err := l.ready(segment.KindOf(group), size); err != nil {
		return 0, err
	}
	for i := range group {
		group[i].Seq = l.seq + 1 + uint64(i)
	}
	if err := l.active.AppendGroup(group); err != nil {
		return 0, l.check(err)
	}
	l.seq += uint64(len(group))
	l.appended += size
	for i := range group {
		l.active.note(group[i].Header)
	}
	return l.active.number, nil
}
