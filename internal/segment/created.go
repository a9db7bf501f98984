package segment

// Created returns when the segment was begun, in Unix milliseconds by the
// store's time.
func (s *Segment) Created() int64 { return s.created }
