package segment

import (
	"runtime/debug"

	"github.com/spcent/plumego/store/internal/record"
)

// Spot is where the record of a key lies.
type Spot struct {
	In     *Segment
	Offset int64
	Size   int64
	Key    string
}

// ReadValues is ReadValue for many records: it waits for memory once for all
// of them, more or less. It reads them in their order, and calls got after
// each with what dst has become. An error is about the next one.
func ReadValues(dst []byte, spots []Spot, got func(dst []byte, h record.Header)) (err error) {
	if len(spots) > 1 {
		warm(spots)
	}
	defer catchFault(&err, debug.SetPanicOnFault(true))
	for i := range spots {
		x := &spots[i]
		r, ok := x.look()
		if ok {
			dst = append(dst, r.Value...)
		} else if dst, r.Header, err = x.In.ReadValue(dst, x.Offset, x.Size, x.Key); err != nil {
			return err
		}
		got(dst, r.Header)
	}
	return nil
}

// look returns the record if it lies in a mapping and is what is expected; it
// aliases that. If not, ReadValue says why.
func (x *Spot) look() (r record.Record, ok bool) {
	b, end := x.In.mem, x.Offset+x.Size
	if end > int64(len(b)) {
		return r, false
	}
	r, err := record.DecodeKnown(b[x.Offset:end], x.In.place(x.Offset))
	return r, err == nil && string(r.Key) == x.Key
}

// warm looks at the records, or the beginnings of long ones, so that they are
// in the processor's cache when they are read. Nothing in its loops depends on
// what was found, so the processor goes on to the next while it waits for
// memory: for many it waits hardly longer than for one. What cannot be
// reached is the reader's to meet.
func warm(spots []Spot) (sum byte) {
	var fault error
	defer catchFault(&fault, debug.SetPanicOnFault(true))
	const line, most = 64, 512 // bytes
	for at := int64(0); at < most; at += line {
		for i := range spots {
			if s := &spots[i]; at < s.Size && s.In.mem != nil {
				sum += s.In.mem[s.Offset+at]
			}
		}
	}
	return sum
}
