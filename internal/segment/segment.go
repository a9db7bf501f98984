// Package segment is one file of the log: a header, records, and at last a
// seal.
//
//	 0         8      12      16      24     32        40        56     64
//	┌─────────┬───────┬───────┬───────┬──────┬─────────┬─────────┬──────┐
//	│ plumeseg│version│ zero  │ store │  id  │ created │  zero   │ sum  │  header
//	├─────────┴───────┴───────┴───────┴──────┴─────────┴─────────┴──────┤
//	│ record                                                            │  see package
//	│ record                                                            │  record
//	│ ...                                                               │
//	│ seal: a record of type Seal, value = chain │ number of records    │
//	├───────────────────────────────────────────────────────────────────┤
//	│ zeros: room that was reserved and not used                        │
//	└───────────────────────────────────────────────────────────────────┘
//
// Integers are little-endian; sum is xxhash64 of the 56 bytes before it;
// created is in Unix milliseconds. The chain of a segment starts as xxhash64
// of its header and takes in the checksum of each record in turn, so eight
// bytes stand for the whole contents. The manifest (package seglog) keeps the
// length and the chain of every sealed segment.
//
// A segment is appended to by one writer at a time, in room that was
// reserved beforehand, so that a full disk is met before a record is begun.
// Where the platform really holds the reserved blocks the record is encoded
// straight into the file's mapping; elsewhere into a buffer and written by
// one call. Either way the bytes belong to the kernel when Append returns.
//
// Read, Sync, End and Synced may be used beside the writer.
package segment

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/spcent/plumego/store/internal/record"
	"github.com/spcent/plumego/store/internal/vfs"
)

// Segment is an open segment.
type Segment struct {
	header
	name string
	file vfs.File

	// mem maps the file as far as it may ever grow; nil where the platform
	// has no mappings. Bytes past the reserved room must not be touched.
	mem []byte
	// prefault keeps the mapping in place while its pages are made ready.
	prefault sync.Mutex
	// placement says whether the writer may store through mem.
	placement vfs.Placement
	// buf is the writer's, for placement ByCall.
	buf []byte

	limit    int64 // bytes at which the segment counts as full
	headroom int64 // bytes kept free for tombstones when the disk is full
	reserved int64 // bytes of the file that have room; the writer's
	sparing  bool  // no step is reserved that the disk has no room for
	most     int64 // bytes that the file may ever have; the writer's
	ahead    func(Stretch)
	asked    int64 // up to where ahead has been told; the writer's

	// end is where the next record goes. The writer moves it after the
	// record is whole; Sync reads it before it syncs.
	end atomic.Int64
	// synced is how much is on stable storage: bytes below it never change.
	synced atomic.Int64
	chain  uint64 // over the records below end; the writer's
	count  int64  // records below end; the writer's
	before mark   // the state before the seal, for Unseal; the writer's
	sealed bool   // its last record is the seal; the writer's

	// syncMu orders the syncs of this file and protects syncErr. The kernel
	// reports a failed write-back once per open file, so a second caller
	// must not ask again and believe the answer.
	syncMu  sync.Mutex
	syncErr error
}

// Config is what a segment is made or opened with.
type Config struct {
	Dir     vfs.Dir
	Store   uint64 // the store's random id
	ID      uint64
	Created int64 // Unix milliseconds; Create only
	Limit   int64 // bytes at which the segment counts as full
	Need    int64 // bytes that must fit even if they exceed Limit; Create only
	// Likely, if not 0, is how many bytes of Need will probably come. There is
	// room for so many at first, and on a disk that is nearly full for no more
	// than come. Create only.
	Likely int64
	Mode   vfs.Mode // Open only: ReadWrite, to append where it ended
	// Ahead, if not nil, is told of room that the writer will soon come to.
	// It must not block.
	Ahead func(Stretch)
}

// maxHeadroom is two tombstones of the longest keys.
const maxHeadroom = 128 << 10

// sealSize is the room that a seal takes: a record with 16 bytes of value.
const sealSize = record.HeaderSize + 16

// Create makes a new segment file with a durable header. The caller makes
// its name durable. On an error nothing is left behind, as far as the disk
// allows.
func Create(c Config) (*Segment, error) {
	s := newSegment(c)
	file, err := c.Dir.Create(s.name)
	if err != nil {
		return nil, fmt.Errorf("create %s: %w", s.name, err)
	}
	s.file = file
	if err := s.begin(c); err != nil {
		return nil, errors.Join(err, s.Close(), c.Dir.Remove(s.name))
	}
	return s, nil
}

// begin reserves the first room and writes the header.
func (s *Segment) begin(c Config) error {
	if err := s.attach(HeaderSize + c.Need); err != nil {
		return err
	}
	first := c.Need
	if s.sparing = c.Likely > 0; s.sparing {
		first = c.Likely
	}
	if err := s.reserve(HeaderSize + first + sealSize + s.headroom); err != nil {
		return err
	}
	if _, err := s.file.WriteAt(s.header.encode(), 0); err != nil {
		return fmt.Errorf("write header of %s: %w", s.name, err)
	}
	s.end.Store(HeaderSize)
	s.chain = chainStart(s.header)
	err := s.Sync()
	s.synced.Store(HeaderSize)
	return err
}

func newSegment(c Config) *Segment {
	return &Segment{
		header:   header{store: c.Store, id: c.ID, created: c.Created},
		name:     Name(c.ID),
		limit:    c.Limit,
		headroom: min(maxHeadroom, c.Limit/8&^(record.Align-1)),
		ahead:    c.Ahead,
		asked:    stretch,
	}
}

// Open opens an existing segment and checks its header. It reads no record
// and must be followed by Replay or ScanTail, which find the end.
func Open(c Config) (*Segment, error) {
	s := newSegment(c)
	file, err := c.Dir.Open(s.name, c.Mode)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", s.name, err)
	}
	s.file = file
	if err := s.examine(c); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// examine reads the header and maps what there is.
func (s *Segment) examine(c Config) error {
	size, err := s.file.Size()
	if err != nil {
		return fmt.Errorf("size of %s: %w", s.name, err)
	}
	b := make([]byte, min(size, HeaderSize))
	if _, err := s.file.ReadAt(b, 0); err != nil {
		return fmt.Errorf("read header of %s: %w", s.name, err)
	}
	h, err := decodeHeader(s.name, b)
	if err != nil {
		return err
	}
	if h.store != c.Store || h.id != c.ID {
		return noHeader(s.name, 16, "header names another store or segment")
	}
	s.header = h
	s.reserved = size
	if c.Mode == vfs.ReadWrite {
		return s.attach(size)
	}
	s.mem, err = s.file.Map(size, vfs.ReadOnly)
	if err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return fmt.Errorf("map %s: %w", s.name, err)
	}
	return nil
}

// ID returns the segment's number.
func (s *Segment) ID() uint64 { return s.id }

// Store returns the random id of the store.
func (s *Segment) Store() uint64 { return s.store }

// Name returns the segment's file name.
func (s *Segment) Name() string { return s.name }

// End returns the offset behind the last record.
func (s *Segment) End() int64 { return s.end.Load() }

// Reserved returns the length of the file in bytes, unused room included.
// It belongs to the writer.
func (s *Segment) Reserved() int64 { return s.reserved }

// Sealed reports whether Seal has been called, and not taken back. It belongs
// to the writer.
func (s *Segment) Sealed() bool { return s.sealed }

// Chain returns the chain over all records. It belongs to the writer.
func (s *Segment) Chain() uint64 { return s.chain }

// Count returns the number of records, the seal included. It belongs to the
// writer.
func (s *Segment) Count() int64 { return s.count }

// Empty reports whether the segment has no record. It belongs to the writer.
func (s *Segment) Empty() bool { return s.end.Load() <= HeaderSize }

// Close lets go of the mapping and the file. Nothing is synced.
func (s *Segment) Close() error {
	s.prefault.Lock()
	defer s.prefault.Unlock()
	var err error
	if s.mem != nil {
		err = s.file.Unmap(s.mem)
		s.mem = nil
	}
	return errors.Join(err, s.file.Close())
}

func (s *Segment) place(off int64) record.Place {
	return record.Place{Store: s.store, Segment: s.id, Offset: off}
}
