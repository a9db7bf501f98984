package seglog

import (
	"errors"
	"slices"

	"github.com/spcent/plumego/store/internal/segment"
)

// pins are the claims on segments that were replaced.
type pins struct {
	taken   uint64          // how many there ever were
	open    map[uint64]bool // by their number
	retired []*member       // in use for pins alone, in the order of their end
}

// Pin keeps every place readable that the log knows now or will know while
// the pin is held: a segment that is replaced meanwhile stays, with its file,
// until all pins are released that were taken before. Segments begun after
// the pin are no exception: a record may be moved there, be seen by whoever
// holds the pin, and be moved on.
//
// release is called once, from any goroutine, and may come after Close; its
// error is that of removing what was kept for the pin alone. Pin costs the
// same whatever the number of segments.
func (l *Log) Pin() (release func() error) {
	n := l.pin()
	return func() error { return l.unpin(n) }
}

// pin takes a pin and returns its number.
func (l *Log) pin() uint64 {
	l.joining.Lock()
	defer l.joining.Unlock()
	return l.pinLocked()
}

// pinLocked is pin for a caller that holds joining.
func (l *Log) pinLocked() uint64 {
	l.pins.taken++
	if l.pins.open == nil {
		l.pins.open = make(map[uint64]bool)
	}
	l.pins.open[l.pins.taken] = true
	return l.pins.taken
}

func (l *Log) unpin(n uint64) error {
	var err error
	for _, m := range l.freed(n) {
		err = errors.Join(err, l.drop(m))
	}
	return err
}

// freed gives a pin up, and detaches and returns the members that no pin
// keeps any more.
func (l *Log) freed(n uint64) []*member {
	l.joining.Lock()
	defer l.joining.Unlock()
	delete(l.pins.open, n)
	return l.unkept()
}

// retire takes members that were replaced out of use and returns those that
// are to be dropped now; the others wait for the pins. Nobody must come to
// their records any more but by a pin.
func (l *Log) retire(old []*member) []*member {
	l.joining.Lock()
	defer l.joining.Unlock()
	for _, m := range old {
		m.retired = l.pins.taken + 1
	}
	l.pins.retired = append(l.pins.retired, old...)
	return l.unkept()
}

// unkept detaches and returns the retired members for which no pin is left
// that was taken before their end. The caller holds joining.
func (l *Log) unkept() []*member {
	oldest := l.pins.taken + 1
	for n := range l.pins.open {
		oldest = min(oldest, n)
	}
	n := 0
	for n < len(l.pins.retired) && l.pins.retired[n].retired <= oldest {
		n++
	}
	free := slices.Clone(l.pins.retired[:n])
	l.pins.retired = slices.Delete(l.pins.retired, 0, n)
	l.detach(free)
	return free
}

// forget detaches and returns all that is kept for pins alone.
func (l *Log) forget() []*member {
	l.joining.Lock()
	defer l.joining.Unlock()
	kept := l.pins.retired
	l.pins.retired = nil
	l.detach(kept)
	return kept
}

// detach takes members out of the table. The caller holds joining.
func (l *Log) detach(old []*member) {
	if len(old) == 0 {
		return
	}
	members := slices.Clone(*l.members.Load())
	for _, m := range old {
		members[m.number] = nil
	}
	l.members.Store(&members)
}

// drop removes the files of a member that is detached. A file that stays is
// removed by the next Open.
func (l *Log) drop(m *member) error {
	err := errors.Join(m.Close(), removeIfThere(l.Dir, m.Name()))
	if m.hint.Load() != 0 {
		l.dropCache(segment.HintName(m.ID()))
	}
	return err
}
