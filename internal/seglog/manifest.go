package seglog

import (
	"bytes"
	"errors"
	"fmt"
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
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s%d\nstore %016x\ngeneration %d\nnext %d\nclean %s\ntime %d\nseq %d\n",
		manifestTitle, manifestVersion, m.store, m.generation, m.next, word(m.clean, wordYes, wordNo), m.time, m.seq)
	for _, l := range m.segments {
		fmt.Fprintf(&b, "segment %016x %s %d %016x", l.id, word(l.sealed, wordSealed, wordOpen), l.length, l.chain)
		if l.purged != 0 {
			fmt.Fprintf(&b, " %s %d", wordPurged, l.purged)
		}
		b.WriteByte('\n')
	}
	fmt.Fprintf(&b, "sum %016x\n", xxhash.Sum64(b.Bytes()))
	return b.Bytes()
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
	var version int
	if _, err := fmt.Sscanf(body, manifestTitle+"%d\n", &version); err == nil && version > manifestVersion {
		return manifest{}, segment.ErrUnsupported
	}
	var m manifest
	var clean string
	lines := strings.Split(strings.TrimSuffix(body, "\n"), "\n")
	if len(lines) < 7 {
		return manifest{}, errManifest
	}
	_, err := fmt.Sscanf(strings.Join(lines[1:7], "\n"),
		"store %x\ngeneration %d\nnext %d\nclean %s\ntime %d\nseq %d",
		&m.store, &m.generation, &m.next, &clean, &m.time, &m.seq)
	if err != nil {
		return manifest{}, errManifest
	}
	m.clean = clean == wordYes
	for _, line := range lines[7:] {
		l, err := decodeListed(line)
		if err != nil {
			return manifest{}, errManifest
		}
		m.segments = append(m.segments, l)
	}
	if !bytes.Equal(m.encode(), b) || !m.sound() {
		return manifest{}, errManifest
	}
	return m, nil
}

// decodeListed parses a segment's line. That it is written in the one way is
// the caller's to check.
func decodeListed(line string) (l listed, err error) {
	var state string
	if _, err := fmt.Sscanf(line, "segment %x %s %d %x", &l.id, &state, &l.length, &l.chain); err != nil {
		return l, err
	}
	l.sealed = state == wordSealed
	if _, purged, ok := strings.Cut(line, " "+wordPurged+" "); ok {
		_, err = fmt.Sscan(purged, &l.purged)
	}
	return l, err
}

// checkSum splits the last line off and holds it against the rest.
func checkSum(b []byte) (body string, ok bool) {
	const last = len("sum 0123456789abcdef\n")
	if len(b) < last {
		return "", false
	}
	split := len(b) - last
	want := fmt.Sprintf("sum %016x\n", xxhash.Sum64(b[:split]))
	return string(b[:split]), string(b[split:]) == want
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
