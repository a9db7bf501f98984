package kv

import "slices"

// journal has the keys that were written since transactions began to read, so
// that each can tell at its end whether what it has read is still so. While
// none reads it keeps nothing.
//
// It does not ask who reads what: a writer pays for one append, and a
// transaction looks through what was written during its time. Comparing what
// was read with the index again would not do for scans, where a key may have
// come, nor after a compaction, which moves records that nobody has changed.
type journal struct {
	reading int      // transactions
	keys    []string // in the order of their writes
	bytes   int      // of keys
	before  uint64   // how many were noted and are kept no more
}

// Bounds of what is kept. Who has begun to read before the oldest key of it
// cannot tell any more and has to begin anew.
const (
	journalSize  = 16 << 10 // keys
	journalBytes = 4 << 20
)

// begin returns the place behind the last write, for since. It is followed by
// end.
func (j *journal) begin() uint64 {
	j.reading++
	return j.before + uint64(len(j.keys))
}

func (j *journal) end() {
	if j.reading--; j.reading == 0 {
		j.drop(len(j.keys))
	}
}

// note says that a key was written.
func (j *journal) note(key string) {
	if j.reading == 0 {
		return
	}
	for len(j.keys) == journalSize || len(j.keys) > 0 && j.bytes+len(key) > journalBytes {
		j.drop((len(j.keys) + 1) / 2)
	}
	j.keys = append(j.keys, key)
	j.bytes += len(key)
}

// since returns the keys that were written behind a place; ok is false if
// some are kept no more.
func (j *journal) since(place uint64) (keys []string, ok bool) {
	if place < j.before {
		return nil, false
	}
	return j.keys[place-j.before:], true
}

// drop forgets the n oldest keys.
func (j *journal) drop(n int) {
	for _, key := range j.keys[:n] {
		j.bytes -= len(key)
	}
	j.keys = slices.Delete(j.keys, 0, n)
	j.before += uint64(n)
}
