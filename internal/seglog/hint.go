package seglog

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/cespare/xxhash/v2"

	"github.com/spcent/plumego/store/internal/record"
	"github.com/spcent/plumego/store/internal/segment"
	"github.com/spcent/plumego/store/internal/vfs"
)

// A sealed segment may have a hint: all that its records say but their values,
// so that a replay after a crash need not read those. It is a cache, bound to
// the store, the segment, and the length and chain that the manifest has; one
// that is missing, does not match or is damaged is not used, and the segment
// is read instead. It is never synced.
//
//	 0         8      12      16      24   32       40      48        56     64
//	┌─────────┬───────┬───────┬───────┬────┬────────┬───────┬─────────┬──────┐
//	│ plumehnt│version│ zero  │ store │ id │ length │ chain │ body sum│ sum  │  header
//	├─────────┴───────┴───────┴───────┴────┴────────┴───────┴─────────┴──────┤
//	│ for each record: type, with the high bit set if it has a deadline │    │
//	│ length of the key │ length of the value │ seq, less the one before │   │  body
//	│ the deadline, if it has one, less the one before │ key                 │
//	└────────────────────────────────────────────────────────────────────────┘
//
// The header's integers are little-endian, sums are xxhash64. The body has
// varints, lengths unsigned, and leaves out the seal.
const (
	hintMagic    = "plumehnt"
	hintVersion  = 1
	hintHeader   = 64   // bytes
	hintDeadline = 0x80 // flag of the type
)

// errNoHint says that a hint is not to be used, and why does not matter.
var errNoHint = errors.New("no hint")

// hintWriter writes a hint.
type hintWriter struct {
	file          vfs.File
	off           int64
	buf           []byte
	sum           xxhash.Digest
	seq, deadline int64 // of the record before
}

// leaveHint writes the hint of a member that is sealed and durable, unless it
// has been replaced meanwhile. That it cannot be written only costs the next
// Open its time.
func (l *Log) leaveHint(m *member) {
	if l.Volatile || l.Err() != nil {
		return
	}
	pin, ok := l.pinMember(m)
	if !ok {
		return
	}
	_ = l.writeHint(m)
	_ = l.unpin(pin)
}

// pinMember takes a pin that keeps a member, if it is not too late for that.
func (l *Log) pinMember(m *member) (pin uint64, ok bool) {
	l.joining.Lock()
	defer l.joining.Unlock()
	if (*l.members.Load())[m.number] != m || m.retired != 0 {
		return 0, false
	}
	return l.pinLocked(), true
}

// writeHint writes the hint of a member. After an error there is none.
func (l *Log) writeHint(m *member) error {
	name := segment.HintName(m.ID())
	if err := removeIfThere(l.Dir, name); err != nil {
		return err
	}
	f, err := l.Dir.Create(name)
	if err != nil {
		return fmt.Errorf("create %s: %w", name, err)
	}
	w := hintWriter{file: f, off: hintHeader}
	w.sum.Reset()
	if err := errors.Join(w.write(m), f.Close()); err != nil {
		l.dropCache(name)
		return err
	}
	m.hint.Store(w.off)
	return nil
}

func (w *hintWriter) write(m *member) error {
	stop, err := m.Walk(m.End(), w.add)
	if err == nil && stop != m.End() {
		err = errNoHint // the next reader of the segment will say it
	}
	if err == nil {
		err = w.flush()
	}
	if err != nil {
		return err
	}
	h := hintHead(m.Segment, m.End(), m.Chain())
	binary.LittleEndian.PutUint64(h[48:], w.sum.Sum64())
	binary.LittleEndian.PutUint64(h[56:], xxhash.Sum64(h[:56]))
	_, err = w.file.WriteAt(h, 0)
	return err
}

// hintHead returns what the header of a segment's hint begins with.
func hintHead(s *segment.Segment, length int64, chain uint64) []byte {
	h := make([]byte, hintHeader)
	copy(h, hintMagic)
	binary.LittleEndian.PutUint32(h[8:], hintVersion)
	binary.LittleEndian.PutUint64(h[16:], s.Store())
	binary.LittleEndian.PutUint64(h[24:], s.ID())
	binary.LittleEndian.PutUint64(h[32:], uint64(length))
	binary.LittleEndian.PutUint64(h[40:], chain)
	return h
}

// add takes in a record.
func (w *hintWriter) add(f segment.Found) error {
	if f.Type == record.Seal {
		return nil
	}
	kind := byte(f.Type)
	if f.Deadline != 0 {
		kind |= hintDeadline
	}
	b := append(w.buf, kind)
	b = binary.AppendUvarint(b, uint64(len(f.Key)))
	b = binary.AppendUvarint(b, uint64(len(f.Value)))
	b = binary.AppendVarint(b, int64(f.Seq)-w.seq)
	w.seq = int64(f.Seq)
	if f.Deadline != 0 {
		b = binary.AppendVarint(b, f.Deadline-w.deadline)
		w.deadline = f.Deadline
	}
	w.buf = append(b, f.Key...)
	if len(w.buf) < copyPiece/4 {
		return nil
	}
	return w.flush()
}

func (w *hintWriter) flush() error {
	if _, err := w.file.WriteAt(w.buf, w.off); err != nil {
		return err
	}
	_, _ = w.sum.Write(w.buf)
	w.off += int64(len(w.buf))
	w.buf = w.buf[:0]
	return nil
}

// readHint calls visit for every record that the hint of a listed segment
// has, in their order, without their values, and returns how long the hint
// is. errNoHint, or any other error, says that it did not call it.
func readHint(dir vfs.Dir, s *segment.Segment, m listed, visit func(off, size int64, r record.Record)) (int64, error) {
	f, err := dir.Open(segment.HintName(m.id), vfs.ReadOnly)
	if err != nil {
		return 0, err
	}
	b, err := hintBody(f, s, m)
	if err = errors.Join(err, f.Close()); err != nil {
		return 0, err
	}
	if !decodeHint(b, m.length, func(int64, int64, record.Record) {}) {
		return 0, errNoHint
	}
	decodeHint(b, m.length, visit)
	return hintHeader + int64(len(b)), nil
}

// hintBody returns the body of a hint if it is this segment's and whole.
func hintBody(f vfs.File, s *segment.Segment, m listed) ([]byte, error) {
	size, err := f.Size()
	if err != nil {
		return nil, err
	}
	// A record has more bytes than its hint.
	if size < hintHeader || size > hintHeader+m.length {
		return nil, errNoHint
	}
	b := make([]byte, size)
	if _, err := f.ReadAt(b, 0); err != nil {
		return nil, err
	}
	h, body := b[:hintHeader], b[hintHeader:]
	want := hintHead(s, m.length, m.chain)
	if string(h[:48]) != string(want[:48]) ||
		binary.LittleEndian.Uint64(h[48:]) != xxhash.Sum64(body) ||
		binary.LittleEndian.Uint64(h[56:]) != xxhash.Sum64(h[:56]) {
		return nil, errNoHint
	}
	return body, nil
}

// decodeHint calls visit for each record in the body of a hint, and reports
// whether together they make up a segment of that length.
func decodeHint(b []byte, length int64, visit func(off, size int64, r record.Record)) bool {
	var seq, deadline int64
	off := int64(segment.HeaderSize)
	for len(b) > 0 {
		kind := b[0]
		d := decoder{b: b[1:]}
		klen, vlen := d.uvarint(), d.uvarint()
		seq += d.varint()
		r := record.Record{Header: record.Header{Type: record.Type(kind &^ hintDeadline), Commit: true, Seq: uint64(seq)}}
		if kind&hintDeadline != 0 {
			deadline += d.varint()
			r.Deadline = deadline
		}
		if d.failed || klen > uint64(min(len(d.b), record.MaxKey)) || vlen > record.MaxValue {
			return false
		}
		r.Key, b = d.b[:klen], d.b[klen:]
		size := record.Size(int(klen), int(vlen))
		visit(off, size, r)
		off += size
	}
	return off+sealSize == length
}

// decoder reads varints.
type decoder struct {
	b      []byte
	failed bool
}

func (d *decoder) uvarint() uint64 {
	v, n := binary.Uvarint(d.b)
	d.pass(n)
	return v
}

func (d *decoder) varint() int64 {
	v, n := binary.Varint(d.b)
	d.pass(n)
	return v
}

func (d *decoder) pass(n int) {
	if n <= 0 {
		d.failed = true
		return
	}
	d.b = d.b[n:]
}

// A hint is written when the log is calm: where records die young it would
// not be worth its bytes. One whose segment has lost so much is removed, when
// the log is not calm.
const calmShare = 4 // at most one in so many bytes is dead

// Unhinted returns what is left to do for the sealed segments that have no
// hint, to be called beside the writer or never. It belongs to the writer.
func (l *Log) Unhinted() (work []func()) {
	if l.Mode == vfs.ReadOnly || !l.calm() {
		return nil
	}
	for x, m := range l.inOrder() {
		if x.sealed && m.hint.Load() == 0 {
			work = append(work, func() { l.leaveHint(m) })
		}
	}
	return work
}

// calm reports whether so little of the log is dead that hints pay. It belongs
// to the writer.
func (l *Log) calm() bool {
	u := l.Usage()
	return u.Dead <= u.Records/calmShare
}

// dropHints removes hints that do not pay any more. It belongs to the writer.
func (l *Log) dropHints() {
	for _, m := range l.inOrder() {
		if m != nil && m.hint.Load() != 0 && m.dead.Load() > m.End()/calmShare {
			m.hint.Store(0)
			l.dropCache(segment.HintName(m.ID()))
		}
	}
}
