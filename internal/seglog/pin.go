package seglog

import (
	"errors"
	"slices"
)

// Pin keeps every segment of now readable, and its file in place, until the
// release that it returns has been called, once. It belongs to the writer;
// release may be called by anybody, while the log is open, and its error is
// that of removing files which only this pin had kept.
func (l *Log) Pin() (release func() error) {
	l.joining.Lock()
	defer l.joining.Unlock()
	var pinned []*member
	for _, m := range *l.members.Load() {
		if m != nil {
			m.pins++
			pinned = append(pinned, m)
		}
	}
	return func() error { return l.unpin(pinned) }
}

func (l *Log) unpin(pinned []*member) error {
	var err error
	for _, m := range l.freed(pinned) {
		err = errors.Join(err, l.drop(m))
	}
	return err
}

// freed takes the pins back and returns, and detaches, the members that
// nothing holds any more.
func (l *Log) freed(pinned []*member) []*member {
	l.joining.Lock()
	defer l.joining.Unlock()
	var free []*member
	for _, m := range pinned {
		if m.pins--; m.pins == 0 && m.retired {
			free = append(free, m)
		}
	}
	l.detach(free)
	return free
}

// retire takes members that were replaced out of use and returns those that
// are to be dropped now; the others wait for their pins. Nobody must come to
// their records any more but by a pin.
func (l *Log) retire(old []*member) []*member {
	l.joining.Lock()
	defer l.joining.Unlock()
	var free []*member
	for _, m := range old {
		m.retired = true
		if m.pins == 0 {
			free = append(free, m)
		}
	}
	l.detach(free)
	return free
}

// detach takes members out of the table. The caller holds joining.
func (l *Log) detach(old []*member) {
	members := slices.Clone(*l.members.Load())
	for _, m := range old {
		members[m.number] = nil
	}
	l.members.Store(&members)
}

// drop removes the file of a member that is detached. A file that stays is
// removed by the next Open.
func (l *Log) drop(m *member) error {
	return errors.Join(m.Close(), removeIfThere(l.Dir, m.Name()))
}
