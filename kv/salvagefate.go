package kv

import (
	"math"

	"github.com/spcent/plumego/store/internal/record"
	"github.com/spcent/plumego/store/internal/seglog"
)

// fate is what the records of a key say that could be read, in whatever order
// they came.
type fate struct {
	at       seglog.Source // of the newest put
	seq      uint64        // of the newest put or tombstone
	deadline int64         // of the newest put
	moved    uint64        // seq of the newest touch
	until    int64         // its deadline
	state    fateState
}

// fateState is what the newest put or tombstone says.
type fateState uint8

const (
	unknown fateState = iota // there was none
	present
	deleted
)

// take takes in a record. Of two with the same seq, which are copies, the
// first stays.
func (f *fate) take(at seglog.Source, r record.Record) {
	switch {
	case r.Type == record.Touch:
		if r.Seq > f.moved {
			f.moved, f.until = r.Seq, r.Deadline
		}
	case f.state != unknown && r.Seq <= f.seq:
	case r.Type == record.Put:
		f.at, f.seq, f.deadline, f.state = at, r.Seq, r.Deadline, present
	case r.Type == record.Tombstone:
		f.at, f.seq, f.state = at, r.Seq, deleted
	}
}

// orphaned reports whether a touch proves a value that no put gives.
func (f *fate) orphaned() bool { return f.state != present && f.moved > f.seq }

// dies returns the deadline in force.
func (f *fate) dies() int64 {
	if f.moved > f.seq {
		return f.until
	}
	return f.deadline
}

// doubt says which records may have a lost successor.
type doubt struct {
	any    uint64         // greatest seq that a lost record of an unknown key may have
	length map[int]uint64 // the same for keys of a length
}

// newDoubt learns from what is lost. Where the head of a record is sound, it
// tells the record's seq, type and length of key; elsewhere the seqs that
// nobody has seen bound it.
func newDoubt(r *seglog.Ruin) doubt {
	d := doubt{length: map[int]uint64{}}
	for _, l := range r.Lost {
		if !l.Known {
			d.any = max(d.any, r.Unseen(l.After, l.Before))
			continue
		}
		b := l.Broken[0]
		d.length[b.KeyLen] = max(d.length[b.KeyLen], b.Seq)
	}
	return d
}

// certain reports whether no lost record of that key can be newer than seq.
func (d doubt) certain(key string, seq uint64) bool {
	return d.any <= seq && d.length[len(key)] <= seq && d.any != math.MaxUint64
}
