package seglog

import "github.com/spcent/plumego/store/internal/segment"

// A rotation needs a new file whose header and name are durable. That takes
// two syncs, for which all writers would wait, and so it is done behind them
// as soon as the rotation before is finished. The prepared segment has the
// number that comes next and holds no record, so to recovery it is what a
// rotation leaves that was cut short: an orphan.

// prepare makes the next segment if there is none. That it could not, and not
// for a sync, is left to the rotation to meet again.
func (l *Log) prepare(limit int64) error {
	l.numbering.Lock()
	defer l.numbering.Unlock()
	if l.prepared == nil && l.Err() == nil {
		l.prepared, _ = l.create(l.man.Load().next, 0, limit)
	}
	return l.Err()
}

// next returns the prepared segment, or else makes one, with room for a record
// of that size. The caller holds numbering.
func (l *Log) next(size int64) (*segment.Segment, error) {
	if s := l.prepared; s != nil && !s.Overflows(size) {
		l.prepared = nil
		return s, nil
	}
	if err := l.dropPrepared(); err != nil {
		return nil, err
	}
	return l.create(l.man.Load().next, size, l.Usage().Limit)
}

// dropPrepared gives up the prepared segment, and its number. The caller holds
// numbering, or is alone.
func (l *Log) dropPrepared() error {
	s := l.prepared
	if s == nil {
		return nil
	}
	l.prepared = nil
	return l.abandon(s)
}
