package cache

// form is what records have in common that differ in nothing but their keys,
// their values and when they expire.
type form struct {
	header int // bytes
	value  int // bytes
	timed  bool
}

func (r record) form() form {
	return form{header: r.header, value: r.value, timed: r.deadline != 0}
}

// mostAlike bounds how many bytes are copied on a guess.
const mostAlike = 1 << 10

// getAlike is get for a record of the form that the last one had: values of a
// kind have their lengths in common. It copies the value from where it must
// lie before it looks whose it is. That way the processor fetches all of the
// record at once; otherwise it waits for memory a first time to learn the
// lengths and a second time for the value. If the guess was wrong, ok is false.
func (s *shard) getAlike(dst []byte, hash uint64, key string) (value []byte, ok bool) {
	t := s.index.table(tagOf(hash))
	i := t.seek(tagOf(hash))
	record := t.slot(i)
	if record == 0 {
		return dst, false
	}
	b := s.pool.piece(record.pos(), 0)
	at, n := s.last.header+len(key), s.last.value
	if max(at+n, maxHeader) > len(b) || n > min(mostAlike, cap(dst)-len(dst)) {
		return dst, false
	}
	value = append(dst, b[at:][:n]...)
	if !s.last.isOf(b, key) || s.last.timed && s.clock.millis() >= parseDeadline(b[s.last.header-deadlineBytes:]) {
		return dst, false
	}
	t.touch(i)
	s.counts.hits++
	return value, true
}

// isOf reports whether b begins with a record of that form and key, which has
// a value. It is parseHeader, and hasKey, for one that is most likely the case.
func (f form) isOf(b []byte, key string) bool {
	first, n := uvarint(b)
	value, m := uvarint(b[n:])
	flags, header := uint64(0), n+m
	if f.timed {
		flags, header = flagTimed, n+m+deadlineBytes
	}
	return first == uint64(len(key))<<flagBits|flags && value == uint64(f.value) && header == f.header &&
		string(b[header:][:len(key)]) == key
}
