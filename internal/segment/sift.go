package segment

import (
	"github.com/spcent/plumego/store/internal/record"
)

// Gap is a run of bytes in which no record decodes. Sound records lie without
// space between each other, so a gap that is not room behind the last one has
// held records that are lost.
type Gap struct {
	Offset int64
	Length int64
	Used   int64 // bytes up to the last that is not zero
	AtEnd  bool  // it reaches to the end of the file
	Unread bool  // the device failed in it
	Broken []Broken
}

// Broken is a record whose head is sound and whose rest is not. What the head
// says is certain; the key is only what its bytes say now.
type Broken struct {
	Offset int64
	Size   int64
	Type   record.Type
	Seq    uint64
	KeyLen int
	Key    string // "" if it lies behind the end of the file
}

// Reason says in words what is wrong with the bytes of the gap.
func (g Gap) Reason() string {
	switch {
	case g.Unread:
		return "the device could not read it"
	case g.Used == 0:
		return "zeros where records were"
	case g.Known():
		return "record fails its checksum"
	}
	return "no valid record"
}

// Known reports whether the gap is the one broken record in it, and nothing
// else.
func (g Gap) Known() bool {
	return len(g.Broken) == 1 && g.Broken[0].Offset == g.Offset && g.Broken[0].Size == g.Length
}

// Sifted is what Sift met.
type Sifted struct {
	End    int64 // behind the last sound record
	Sealed bool  // that was the seal
}

// Sift visits every sound record from the header on, up to the seal or to
// limit, and tells of the gaps between them, in order of offset. Past damage
// it tries each multiple of 8: a record is bound to its place, so what decodes
// is what was written there. Found is valid until visit returns. An error is
// the visitor's.
//
// It reads the file once, in pieces of 256 KiB or of the longest record.
func (r *Remains) Sift(limit int64, visit func(Found) error, tell func(Gap) error) (Sifted, error) {
	limit = min(limit, r.s.reserved)
	w := window{s: &r.s, limit: limit}
	out := Sifted{End: HeaderSize}
	for off := int64(HeaderSize); off < limit; {
		found, ok, err := w.record(off)
		if err != nil {
			return out, err
		}
		if !ok {
			g, err := r.gap(&w, off)
			if err == nil {
				err = tell(g)
			}
			if err != nil {
				return out, err
			}
			off += g.Length
			continue
		}
		off += int64(len(found.Raw))
		out.End, out.Sealed = off, found.Type == record.Seal
		if err := visit(found); err != nil || out.Sealed {
			return out, err
		}
	}
	return out, nil
}

// gap measures the gap that begins at start. It does not skip what a sound
// head announces: thirty-two bits are no proof.
func (r *Remains) gap(w *window, start int64) (Gap, error) {
	g := Gap{Offset: start}
	off := start
	for ; off < w.limit; off += record.Align {
		if off > start {
			if _, ok, err := w.record(off); err != nil || ok {
				return r.finish(g, off), err
			}
		}
		b, err := w.from(off, record.HeaderSize)
		if err != nil {
			return g, err
		}
		for i, c := range b[:min(len(b), record.Align)] {
			if c != 0 {
				g.Used = off - start + int64(i) + 1
			}
		}
		if h, size, klen, err := record.DecodeHeader(b, r.s.place(off)); err == nil {
			broken := Broken{Offset: off, Size: size, Type: h.Type, Seq: h.Seq, KeyLen: klen}
			if broken.Key, err = w.keyAt(off, klen); err != nil {
				return g, err
			}
			g.Broken = append(g.Broken, broken)
		}
	}
	g.AtEnd = true
	return r.finish(g, w.limit), nil
}

func (r *Remains) finish(g Gap, end int64) Gap {
	g.Length = end - g.Offset
	g.Unread = r.file.missed(g.Offset, end)
	return g
}

// keyAt returns a copy of the bytes where the key of a broken record is.
func (w *window) keyAt(off int64, klen int) (string, error) {
	size := record.HeaderSize + int64(klen)
	if size > w.limit-off {
		return "", nil
	}
	b, err := w.from(off, size)
	if err != nil {
		return "", err
	}
	return string(b[record.HeaderSize:size]), nil
}
