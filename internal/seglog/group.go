package seglog

import (
	"github.com/spcent/plumego/store/internal/record"
	"github.com/spcent/plumego/store/internal/segment"
)

// AppendGroup writes records behind all others as one commit group: after a
// crash all of them are there or none. It fills in their seqs, which follow
// each other, and returns their places. After an error none was written, as
// after one of Append. There must be at least one record.
//
// They lie in one segment, since recovery judges a group where it ends; a
// group that is longer than a segment gets one of its own.
func (l *Log) AppendGroup(group []segment.Draft) ([]Location, error) {
	size := segment.GroupSize(group)
	if err := l.ready(segment.KindOf(group), size); err != nil {
		return nil, err
	}
	for i := range group {
		group[i].Seq = l.seq + 1 + uint64(i)
	}
	if err := l.active.AppendGroup(group); err != nil {
		return nil, l.check(err)
	}
	l.seq += uint64(len(group))
	l.appended += size
	places := make([]Location, 0, len(group))
	for _, d := range group {
		l.active.note(d.Header)
		places = append(places, Location{l.active.number, d.Offset, record.Size(len(d.Key), len(d.Value))})
	}
	return places, nil
}
