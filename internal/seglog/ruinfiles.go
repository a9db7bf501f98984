package seglog

import (
	"errors"
	"fmt"
	"math"

	"github.com/spcent/plumego/store/internal/segment"
)

// candidate is a file that may be a segment.
type candidate struct {
	segment.Identity
	name      string
	size      int64
	nameID    uint64 // what the name says
	isSegment bool   // by its name
	err       error  // why there is no identity
}

// findRemains looks at the header of every file, whatever its name: files may
// have been swapped. What has neither the name nor the header of a segment is
// somebody else's.
func (r *Ruin) findRemains(names []string) ([]candidate, error) {
	var found []candidate
	for _, name := range names {
		if name == segment.ManifestName && r.man != nil {
			continue
		}
		c := candidate{name: name}
		c.nameID, c.isSegment = segment.ParseName(name)
		err := c.identify(r)
		if errors.Is(err, segment.ErrUnsupported) && c.isSegment {
			return nil, err
		}
		if c.err = err; err == nil || c.isSegment {
			found = append(found, c)
		}
	}
	return found, nil
}

// identify reads the file's header.
func (c *candidate) identify(r *Ruin) error {
	m, err := segment.OpenRemains(r.dir, c.name)
	if err != nil {
		return err
	}
	c.size = m.Size()
	c.Identity, err = m.Identity()
	return errors.Join(err, m.Close())
}

// sortOut decides which files count and whose they are.
func (r *Ruin) sortOut(found []candidate) error {
	claimed := map[uint64]bool{}
	for _, c := range found {
		if c.err == nil && c.Store == r.store {
			claimed[c.ID] = true
		}
	}
	var whose []uint64 // by candidate
	for _, c := range found {
		id, err := r.whose(c, claimed)
		if err != nil {
			return err
		}
		whose = append(whose, id)
	}
	if err := r.doubtManifest(found, whose); err != nil {
		return err
	}
	for i, c := range found {
		r.admit(c, whose[i])
	}
	r.findMissing()
	return nil
}

// nobody is the id of a file in which there is no record of the store.
const nobody = math.MaxUint64

// whose returns the id of the segment whose records are in a file. Where the
// header does not tell, the records do: they decode under one id only.
func (r *Ruin) whose(c candidate, claimed map[uint64]bool) (uint64, error) {
	if c.err == nil {
		if c.Store != r.store {
			return nobody, nil
		}
		return c.ID, nil
	}
	tries := []uint64{c.nameID}
	if r.man != nil {
		for _, l := range r.man.segments {
			if !claimed[l.id] && l.id != c.nameID {
				tries = append(tries, l.id)
			}
		}
	}
	for _, id := range tries {
		if ok, err := r.hasRecords(c.name, id); err != nil || ok {
			return id, err
		}
	}
	return nobody, nil
}

// hasRecords reports whether a file has records of that segment. One that
// cannot be opened has none.
func (r *Ruin) hasRecords(name string, id uint64) (bool, error) {
	m, err := segment.OpenRemains(r.dir, name)
	if err != nil {
		return false, nil
	}
	m.BelongTo(r.store, id)
	_, err = m.Sift(math.MaxInt64, func(segment.Found) error { return errFound }, func(segment.Gap) error { return nil })
	if errors.Is(err, errFound) {
		return true, m.Close()
	}
	return false, errors.Join(err, m.Close())
}

// doubtManifest gives the manifest up if it is older than a file.
func (r *Ruin) doubtManifest(found []candidate, whose []uint64) error {
	if r.man == nil {
		return nil
	}
	for i, c := range found {
		id := whose[i]
		if id == nobody || id < r.man.next || r.man.has(id) {
			continue
		}
		newer, err := r.hasRecords(c.name, id)
		if err != nil {
			return err
		}
		if newer {
			r.loseManifest("it is older than " + c.name)
			r.Exact = false
			return nil
		}
	}
	return nil
}

// admit lets a file count, or says why it does not.
func (r *Ruin) admit(c candidate, id uint64) {
	f := &ruinFile{name: c.name, id: id, size: c.size}
	if r.man != nil {
		for i := range r.man.segments {
			if r.man.segments[i].id == id {
				f.listed = &r.man.segments[i]
			}
		}
	}
	switch {
	case id == nobody:
		r.refuse(c)
		return
	case r.man != nil && f.listed == nil:
		r.Stray = append(r.Stray, Harm{c.name, 0, c.size, "left over from unfinished work"})
		return
	case c.err != nil:
		r.Harmless = append(r.Harmless, harmOf(c.name, c.err, min(c.size, segment.HeaderSize)))
	case c.name != segment.Name(id):
		r.Harmless = append(r.Harmless, Harm{c.name, 16, 16, fmt.Sprintf("holds the segment of %s", segment.Name(id))})
	}
	r.files = append(r.files, f)
}

// refuse says of a file without a record of the store what it is. Where the
// manifest counts, a listed segment that it should have been is missing.
func (r *Ruin) refuse(c candidate) {
	h := Harm{c.name, 0, c.size, "segment of another store"}
	if c.err != nil {
		h = harmOf(c.name, c.err, c.size)
	}
	if r.man != nil && r.man.has(c.nameID) {
		r.Harmless = append(r.Harmless, h)
		return
	}
	if r.man != nil || !c.isSegment || c.size == 0 {
		r.Stray = append(r.Stray, h)
		return
	}
	r.Lost = append(r.Lost, Loss{File: h.File, Offset: h.Offset, Length: h.Length, Reason: h.Reason, Before: math.MaxUint64})
}

// harmOf turns what was met in a file into words.
func harmOf(name string, err error, length int64) Harm {
	var c *segment.CorruptError
	if errors.As(err, &c) {
		return Harm{name, c.Offset, length - min(length, c.Offset), c.Reason}
	}
	return Harm{name, 0, length, "it cannot be opened"}
}

// findMissing counts listed segments that no file holds as lost.
func (r *Ruin) findMissing() {
	if r.man == nil {
		return
	}
	held := map[uint64]bool{}
	for _, f := range r.files {
		held[f.id] = true
	}
	for _, l := range r.man.segments {
		if !held[l.id] && l.length > segment.HeaderSize {
			r.Lost = append(r.Lost, Loss{
				File: segment.Name(l.id), Length: l.length, Reason: "missing, though the store needs it", Before: math.MaxUint64,
			})
		}
	}
}
