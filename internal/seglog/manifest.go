package seglog

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/cespare/xxhash/v2"

	"github.com/spcent/plumego/store/internal/segment"
	"github.com/spcent/plumego/store/internal/vfs"
)

// The manifest is a small text, so that an owner can read it:
//
//	plumego store manifest 1
//	store 4f0c7a1be2d95360
//	generation 7
//	next 4
//	clean no
//	time 1795514400000
//	seq 40961
//	segment 0000000000000002 sealed 40108840 9be07f2c41d7aa03 purged 31022
//	segment 0000000000000003 open 64 11d2c0a8f7e95b66
//	sum 5c2f6d1e8a90b374
//
// Numbers are decimal, ids and hashes 16 hex digits. The last line is
// xxhash64 of all before it, in every version. There is one way to write a
// manifest, and what is not written in that way does not decode.
const (
	manifestTitle   = "plumego store manifest "
	manifestVersion = 1
	maxManifest     = 64 << 20 // bytes; over half a million segments
	maxNumber       = 1 << 62  // what counts up and must not wrap
)

// manifest is the authority on what the store consists of.
type manifest struct {
	store      uint64 // random, chosen at creation
	generation uint64 // one more at each install
	// next is above every segment number in use. Only the file of a segment
	// that a rotation is about to begin may have it, and holds no record yet:
	// a file that does, and is numbered next or higher, proves that the
	// manifest is older than the store.
	next uint64
	// clean says that the open segment ends exactly at its length. When it
	// is not set the length is only a lower bound.
	clean bool
	time  int64  // Unix milliseconds that the store's time had reached
	seq   uint64 // of the last mutation, as far as known
	// segments is in log order. All but the last two are sealed, and if it
	// is clean all but the last.
	segments []listed
}

// listed is a segment in the manifest.
type listed struct {
	id     uint64
	sealed bool
	length int64 // bytes known to be durable; all of them if sealed
	// chain is over those bytes, see package segment; of an open segment only
	// if the manifest is clean.
	chain uint64
	// purged is a seq: no value that was dead when the log had come to it is
	// in the segment. It is 0 for one that was never compacted.
	purged uint64
}

// extend says how much of the open segments has become durable. Whoever drops
// a record because of a later one must: without the later one the log has
// not merely an earlier end, but a hole.
func (m *manifest) extend(ends []end) {
	for i, x := range m.segments {
		for _, e := range ends {
			if x.id == e.ID() && !x.sealed {
				m.segments[i].length = max(x.length, e.durable())
			}
		}
	}
}

// last returns the last segment if it is open, or nil.
func (m *manifest) last() *listed {
	if n := len(m.segments); n > 0 && !m.segments[n-1].sealed {
		return &m.segments[n-1]
	}
	return nil
}

// seal lists a segment, which is complete and durable, as sealed; nil is
// none.
func (m *manifest) seal(s *member) {
	for i := range m.segments {
		if s != nil && m.segments[i].id == s.ID() {
			m.segments[i] = listed{id: s.ID(), sealed: true, length: s.End(), chain: s.Chain()}
		}
	}
}

// leavesOpen reports whether the manifest lists a segment as open.
func (m *manifest) leavesOpen(id uint64) bool {
	for _, l := range m.segments {
		if l.id == id {
			return !l.sealed
		}
	}
	return false
}

func (m *manifest) has(id uint64) bool {
	for _, l := range m.segments {
		if l.id == id {
			return true
		}
	}
	return false
}

// clone returns a copy that can be changed without changing m.
func (m manifest) clone() manifest {
	m.segments = append([]listed(nil), m.segments...)
	return m
}

func (m *manifest) encode() []byte {
	b := append([]byte(manifestTitle), strconv.Itoa(manifestVersion)...)
	b = appendHex(append(b, "\nstore "...), m.store)
	b = strconv.AppendUint(append(b, "\ngeneration "...), m.generation, 10)
	b = strconv.AppendUint(append(b, "\nnext "...), m.next, 10)
	b = append(append(b, "\nclean "...), word(m.clean, wordYes, wordNo)...)
	b = strconv.AppendInt(append(b, "\ntime "...), m.time, 10)
	b = strconv.AppendUint(append(b, "\nseq "...), m.seq, 10)
	for _, l := range m.segments {
		b = appendHex(append(b, "\nsegment "...), l.id)
		b = append(append(b, ' '), word(l.sealed, wordSealed, wordOpen)...)
		b = strconv.AppendInt(append(b, ' '), l.length, 10)
		b = appendHex(append(b, ' '), l.chain)
		if l.purged != 0 {
			b = strconv.AppendUint(append(b, " "+wordPurged+" "...), l.purged, 10)
		}
	}
	b = append(b, '\n')
	return appendSum(b, xxhash.Sum64(b))
}

// appendSum appends the last line.
func appendSum(b []byte, sum uint64) []byte {
	return append(appendHex(append(b, "sum "...), sum), '\n')
}

// appendHex appends a number as 16 hex digits.
func appendHex(b []byte, n uint64) []byte {
	const digits = "0123456789abcdef"
	for shift := 60; shift >= 0; shift -= 4 {
		b = append(b, digits[n>>shift&15])
	}
	return b
}

// The words of the manifest. They are never changed.
const (
	wordYes    = "yes"
	wordNo     = "no"
	wordSealed = "sealed"
	wordOpen   = "open"
	wordPurged = "purged"
)

// word picks one of two words.
func word(is bool, yes, no string) string {
	if is {
		return yes
	}
	return no
}

// errManifest is what decode says of bytes that encode cannot have made.
var errManifest = errors.New("manifest is damaged")

// decode parses a manifest. The sum is judged before the version: a damaged
// manifest is no newer format.
func decodeManifest(b []byte) (manifest, error) {
	body, ok := checkSum(b)
	if !ok || !strings.HasPrefix(body, manifestTitle) {
		return manifest{}, errManifest
	}
	f := fields{left: strings.Fields(body[len(manifestTitle):])}
	if version := f.number(10); !f.bad && version > manifestVersion {
		return manifest{}, segment.ErrUnsupported
	}
	m := manifest{store: f.after(16), generation: f.after(10), next: f.after(10)}
	f.next() // "clean"
	m.clean = f.next() == wordYes
	m.time, m.seq = int64(f.after(10)), f.after(10)
	for len(f.left) > 0 {
		m.segments = append(m.segments, f.listed())
	}
	if f.bad || !bytes.Equal(m.encode(), b) || !m.sound() {
		return manifest{}, errManifest
	}
	return m, nil
}

// fields are the words of a manifest that are still to be parsed. That they
// are the right ones shows when the manifest is encoded again.
type fields struct {
	left []string
	bad  bool
}

func (f *fields) next() (word string) {
	if len(f.left) == 0 {
		f.bad = true
		return ""
	}
	word, f.left = f.left[0], f.left[1:]
	return word
}

// number parses the next word. A negative number is that of its bits.
func (f *fields) number(base int) uint64 {
	word := f.next()
	if strings.HasPrefix(word, "-") {
		n, err := strconv.ParseInt(word, base, 64)
		f.bad = f.bad || err != nil
		return uint64(n)
	}
	n, err := strconv.ParseUint(word, base, 64)
	f.bad = f.bad || err != nil
	return n
}

// after parses the word behind the next.
func (f *fields) after(base int) uint64 {
	f.next()
	return f.number(base)
}

// listed parses a segment's line.
func (f *fields) listed() (l listed) {
	l.id = f.after(16)
	l.sealed = f.next() == wordSealed
	l.length, l.chain = int64(f.number(10)), f.number(16)
	if len(f.left) > 0 && f.left[0] == wordPurged {
		l.purged = f.after(10)
	}
	return l
}

// checkSum splits the last line off and holds it against the rest.
func checkSum(b []byte) (body string, ok bool) {
	const last = len("sum 0123456789abcdef\n")
	if len(b) < last {
		return "", false
	}
	split := len(b) - last
	want := appendSum(nil, xxhash.Sum64(b[:split]))
	return string(b[:split]), string(b[split:]) == string(want)
}

// sound checks what the text alone cannot say.
func (m *manifest) sound() bool {
	if m.next > maxNumber || m.seq > maxNumber || m.generation > maxNumber {
		return false
	}
	seen := make(map[uint64]bool)
	for i, l := range m.segments {
		behind := len(m.segments) - 1 - i
		mayBeOpen := behind == 0 || behind == 1 && !m.clean && m.last() != nil
		if seen[l.id] || l.id == 0 || l.id >= m.next || l.length < segment.HeaderSize || l.purged > maxNumber || !l.sealed && !mayBeOpen {
			return false
		}
		seen[l.id] = true
	}
	return true
}

// readManifest reads the manifest of a directory.
func readManifest(dir vfs.Dir) (manifest, error) {
	b, err := readFile(dir, segment.ManifestName)
	if err != nil {
		return manifest{}, unopened(err, segment.ManifestName)
	}
	m, err := decodeManifest(b)
	if errors.Is(err, errManifest) {
		return m, &segment.CorruptError{File: segment.ManifestName, Reason: err.Error()}
	}
	return m, err
}

func readFile(dir vfs.Dir, name string) (b []byte, err error) {
	f, err := dir.Open(name, vfs.ReadOnly)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", name, err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	size, err := f.Size()
	if err != nil {
		return nil, fmt.Errorf("size of %s: %w", name, err)
	}
	if size > maxManifest {
		return nil, &segment.CorruptError{File: name, Offset: maxManifest, Reason: "too large"}
	}
	b = make([]byte, size)
	if _, err := f.ReadAt(b, 0); err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return b, nil
}

// writeManifest replaces the manifest, durably. After segment.ErrSync it is
// unknown which of the two is in force; after any other error the old one is.
func writeManifest(dir vfs.Dir, m *manifest) error {
	if err := writeTemp(dir, m.encode()); err != nil {
		return errors.Join(err, removeIfThere(dir, segment.ManifestTemp))
	}
	if err := dir.Rename(segment.ManifestTemp, segment.ManifestName); err != nil {
		return fmt.Errorf("%w: rename %s: %w", segment.ErrSync, segment.ManifestTemp, err)
	}
	return syncDir(dir)
}

// writeTemp leaves b, durable, in the temporary file.
func writeTemp(dir vfs.Dir, b []byte) error {
	const name = segment.ManifestTemp
	if err := removeIfThere(dir, name); err != nil {
		return err
	}
	f, err := dir.Create(name)
	if err != nil {
		return fmt.Errorf("create %s: %w", name, err)
	}
	if _, err := f.WriteAt(b, 0); err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", name, err), f.Close())
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("%w: %s: %w", segment.ErrSync, name, err)
	}
	return nil
}
