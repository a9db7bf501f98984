package seglog

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/spcent/plumego/store/internal/record"
	"github.com/spcent/plumego/store/internal/segment"
	"github.com/spcent/plumego/store/internal/vfs"
)

// Ruin is a store's directory that may be damaged, read for what is left of
// it. Nothing in it is changed, created or locked.
//
// The manifest, if it is sound and not older than the files, says what counts.
// Otherwise every file does that has records of the store, and their seqs are
// the order. Seqs that are nowhere to be seen tell how much may be missing.
type Ruin struct {
	Time     int64     // Unix milliseconds that the store's time had reached
	Segments int       // files that were read
	Records  int64     // sound ones, those of left-overs excluded
	Lost     []Loss    // ordered by file and offset
	Harmless []Harm    // damage that cost no record
	Torn     []Harm    // unfinished writes, which opening would leave out too
	Stray    []Harm    // files that do not count
	LastSeq  uint64    // the greatest that is known to have been given out
	Exact    bool      // no greater one can be lost
	seen     seqRanges // of the sound records

	dir    vfs.Dir
	store  uint64
	man    *manifest // nil if it cannot be trusted
	files  []*ruinFile
	open   *segment.Remains // of the file that was read last
	opened int              // its number
}

// Loss is a part of a file that cannot be read any more.
type Loss struct {
	File   string
	Offset int64
	Length int64
	Reason string
	// The records that were there had seqs between the two, both excluded.
	After, Before uint64
	Broken        []segment.Broken // those whose heads are sound
	Known         bool             // Broken is all there was
}

// Harm is damage that cost no record.
type Harm struct {
	File   string
	Offset int64
	Length int64
	Reason string
}

// Source says where a sound record lies in a ruin.
type Source struct {
	File   int
	Offset int64
	Size   int64
}

// ruinFile is a file that has, or ought to have, records of the store.
type ruinFile struct {
	name   string
	id     uint64
	size   int64
	listed *listed
}

// ReadRuin looks at the directory and decides which files count. It reads
// headers, and as much as it takes to tell whose a file is that has none.
//
// ErrNotAStore says that there is nothing of a store, segment.ErrUnsupported
// that a newer version wrote it, and a *segment.CorruptError that not even
// the store's id can be found.
func ReadRuin(dir vfs.Dir) (*Ruin, error) {
	r := &Ruin{dir: dir, opened: -1}
	names, err := dir.List()
	if err != nil {
		return nil, fmt.Errorf("list directory: %w", err)
	}
	if err := r.trustManifest(); err != nil {
		return nil, err
	}
	found, err := r.findRemains(names)
	if err != nil {
		return nil, err
	}
	if err := r.nameStore(found, names); err != nil {
		return nil, err
	}
	if err := r.sortOut(found); err != nil {
		return nil, err
	}
	return r, nil
}

// trustManifest reads the manifest, if that can be done.
func (r *Ruin) trustManifest() error {
	m, err := readManifest(r.dir)
	var c *segment.CorruptError
	switch {
	case errors.Is(err, segment.ErrUnsupported):
		return err
	case errors.As(err, &c):
		r.loseManifest(c.Reason)
	case err != nil:
		r.loseManifest("it cannot be read")
	default:
		r.man, r.store, r.Time = &m, m.store, m.time
		r.LastSeq, r.Exact = m.seq, m.clean
	}
	return nil
}

// loseManifest counts the list of segments as lost: whether one is missing
// is then told only by the seqs that nobody has seen.
func (r *Ruin) loseManifest(reason string) {
	r.man = nil
	r.Lost = append(r.Lost, Loss{
		File: segment.ManifestName, Reason: "the list of segments is lost: " + reason, Before: math.MaxUint64,
	})
}

// nameStore finds the store's id: the manifest's, or else that of most
// headers.
func (r *Ruin) nameStore(found []candidate, names []string) error {
	if r.man != nil {
		return nil
	}
	votes := map[uint64]int{}
	some := false
	for _, f := range found {
		some = some || f.isSegment
		if f.err == nil {
			votes[f.Store]++
			if v, best := votes[f.Store], votes[r.store]; v > best || v == best && f.Store < r.store {
				r.store = f.Store
			}
		}
	}
	switch {
	case len(votes) > 0:
		return nil
	case !some && !slices.Contains(names, segment.ManifestName):
		return fmt.Errorf("%w: the directory holds no segment and no manifest", ErrNotAStore)
	}
	return &segment.CorruptError{File: segment.ManifestName, Reason: "neither it nor a segment says which store this is"}
}

// Sift visits every sound record that counts, a file at a time, in no order
// that matters: the greatest seq of a key is its newest. Records are valid
// until visit returns. What is missing goes into Lost. An error is the
// visitor's, or that of closing a file.
func (r *Ruin) Sift(visit func(Source, record.Record) error) error {
	tails, err := r.findTails()
	if err != nil {
		return err
	}
	newest, newestSeq := -1, uint64(0)
	var ends []fileEnd
	for i, f := range r.files {
		end, err := r.siftFile(i, tails[f.id], visit)
		if err != nil {
			return err
		}
		if end.last >= newestSeq {
			newest, newestSeq = i, end.last
		}
		ends = append(ends, end)
	}
	endLost := false
	for i, end := range ends {
		lost := r.judgeEnd(r.files[i], end, i == newest)
		// A segment is sealed only because another follows.
		if i == newest && (lost || r.man == nil && end.Sealed) {
			endLost = true
		}
	}
	r.settle(endLost)
	return r.closeOpen()
}

// fileEnd is how a file that was sifted ends.
type fileEnd struct {
	segment.Sifted
	rest *segment.Gap // behind the last sound record
	last uint64       // seq of the last record
	cut  bool         // where opening would cut it
}

// siftFile visits the records of one file.
func (r *Ruin) siftFile(i int, t *segment.Tail, visit func(Source, record.Record) error) (fileEnd, error) {
	f := r.files[i]
	m, err := r.remains(i)
	if err != nil {
		return fileEnd{}, err
	}
	r.Segments++
	limit := int64(math.MaxInt64)
	if t != nil {
		limit = t.Cut
	}
	var end fileEnd
	first := len(r.Lost) // of this file
	ascends := true
	end.Sifted, err = m.Sift(limit, func(x segment.Found) error {
		if x.Seq < end.last {
			ascends = false
		}
		r.bound(first, end.last, x.Seq)
		end.last = x.Seq
		if x.Type == record.Seal { // it has the seq of the record before it
			r.LastSeq = max(r.LastSeq, x.Seq)
			return nil
		}
		r.seen.add(x.Seq)
		r.Records++
		if x.Type == record.Mark {
			r.Time = max(r.Time, x.Deadline)
			return nil
		}
		return visit(Source{i, x.Offset, int64(len(x.Raw))}, x.Record)
	}, func(g segment.Gap) error {
		if g.AtEnd {
			end.rest = &g
			return nil
		}
		r.lose(f.name, g, end.last)
		return nil
	})
	end.cut = t != nil
	if !ascends {
		for i := range r.Lost[first:] {
			r.Lost[first+i].After, r.Lost[first+i].Before = 0, math.MaxUint64
		}
	}
	return end, err
}

// lose adds a gap to what is lost.
func (r *Ruin) lose(name string, g segment.Gap, after uint64) {
	r.Lost = append(r.Lost, Loss{
		File: name, Offset: g.Offset, Length: g.Length, Reason: g.Reason(),
		After: after, Before: math.MaxUint64, Broken: g.Broken, Known: g.Known(),
	})
}

// bound says of the last gap of a file which record follows it.
func (r *Ruin) bound(first int, after, seq uint64) {
	if n := len(r.Lost); n > first && r.Lost[n-1].Before == math.MaxUint64 && r.Lost[n-1].After == after {
		r.Lost[n-1].Before = seq + 1 // a seal has the seq of the last record
	}
}

// judgeEnd decides what a file lacks at its end. A file is complete that ends
// in a seal, or where the manifest says, or, without one, that holds the
// newest record. It reports whether records are lost there.
func (r *Ruin) judgeEnd(f *ruinFile, end fileEnd, newest bool) bool {
	want := int64(0) // bytes that must be there
	switch {
	case end.Sealed || end.cut:
		return false
	case f.listed != nil:
		want = f.listed.length
	case !newest:
		want = end.End + record.Align
	}
	g := segment.Gap{Offset: end.End, AtEnd: true}
	if end.rest != nil {
		g = *end.rest
	}
	switch {
	case g.Offset < want:
		g.Length = max(want-g.Offset, g.Used)
	case g.Used > 0:
		g.Length = g.Used
		if f.listed != nil && r.man.clean { // nothing was behind it
			r.Harmless = append(r.Harmless, Harm{f.name, g.Offset, g.Length, "bytes behind the end of the segment"})
			return false
		}
	default:
		return false
	}
	r.lose(f.name, g, end.last)
	lost := &r.Lost[len(r.Lost)-1]
	if g.Offset >= f.size {
		lost.Reason = "file ends too early"
	}
	if f.listed == nil && !newest {
		lost.Reason = "segment ends without its seal"
	}
	return true
}

// settle decides how much is known of the seqs, and takes back losses in whose
// place no seq is missing: what was there is read elsewhere, or was a seal.
func (r *Ruin) settle(endLost bool) {
	r.LastSeq = max(r.LastSeq, r.seen.greatest())
	r.Exact = r.Exact || !endLost && !r.lacksOpen()
	r.Lost = slices.DeleteFunc(r.Lost, func(l Loss) bool {
		harmless := l.File != segment.ManifestName && r.Unseen(l.After, l.Before) == 0
		if harmless {
			r.Harmless = append(r.Harmless, Harm{l.File, l.Offset, l.Length, l.Reason + "; no record is missing"})
		}
		return harmless
	})
	slices.SortStableFunc(r.Lost, func(a, b Loss) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Offset, b.Offset))
	})
}

// lacksOpen reports whether no file holds a segment that was being written.
func (r *Ruin) lacksOpen() bool {
	return r.man != nil && slices.ContainsFunc(r.man.segments, func(l listed) bool {
		return !l.sealed && !slices.ContainsFunc(r.files, func(f *ruinFile) bool { return f.id == l.id })
	})
}

// Read returns a record that Sift visited, in a buffer of the caller's. It is
// cheapest file by file. A record that has changed since is a
// *segment.CorruptError.
func (r *Ruin) Read(at Source) (record.Record, error) {
	m, err := r.remains(at.File)
	if err != nil {
		return record.Record{}, err
	}
	return m.Read(at.Offset, at.Size)
}

// FileName returns the name of the source's file.
func (r *Ruin) FileName(at Source) string { return r.files[at.File].name }

// Unseen returns the greatest seq before the given one, and above after, that
// no sound record has: math.MaxUint64 if it cannot be known, 0 if none.
func (r *Ruin) Unseen(after, before uint64) uint64 {
	if before > r.LastSeq+1 {
		if !r.Exact {
			return math.MaxUint64
		}
		before = r.LastSeq + 1
	}
	if u := r.seen.unseenBelow(before); u > after {
		return u
	}
	return 0
}

// remains opens a file, and closes the one before it.
func (r *Ruin) remains(i int) (*segment.Remains, error) {
	if r.opened == i {
		return r.open, nil
	}
	if err := r.closeOpen(); err != nil {
		return nil, err
	}
	m, err := segment.OpenRemains(r.dir, r.files[i].name)
	if err != nil {
		return nil, err
	}
	m.BelongTo(r.store, r.files[i].id)
	r.open, r.opened = m, i
	return m, nil
}

func (r *Ruin) closeOpen() error {
	if r.open == nil {
		return nil
	}
	err := r.open.Close()
	r.open, r.opened = nil, -1
	return err
}

// Close lets go of the file that is open. The directory is the caller's.
func (r *Ruin) Close() error { return r.closeOpen() }
