package segment

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/cespare/xxhash/v2"
)

// HeaderSize is the length in bytes of a segment's header.
const HeaderSize = 64

// version is the format version that this package writes and reads.
const version = 1

// magic opens every segment. It must not change, in any version.
const magic = "plumeseg"

// header is the decoded header of a segment.
type header struct {
	store   uint64
	id      uint64
	created int64 // Unix milliseconds
}

func (h header) encode() []byte {
	b := make([]byte, HeaderSize)
	copy(b, magic)
	binary.LittleEndian.PutUint32(b[8:], version)
	binary.LittleEndian.PutUint64(b[16:], h.store)
	binary.LittleEndian.PutUint64(b[24:], h.id)
	binary.LittleEndian.PutUint64(b[32:], uint64(h.created))
	binary.LittleEndian.PutUint64(b[56:], xxhash.Sum64(b[:56]))
	return b
}

// ErrNoHeader says that a file does not begin with a sound header of its own.
var ErrNoHeader = errors.New("no segment header")

// decodeHeader checks and decodes b. The checksum is judged before the
// version: a damaged header is no newer format.
func decodeHeader(name string, b []byte) (header, error) {
	if len(b) < HeaderSize {
		return header{}, noHeader(name, int64(len(b)), "shorter than a segment header")
	}
	if string(b[:8]) != magic {
		return header{}, noHeader(name, 0, "not a segment header")
	}
	if binary.LittleEndian.Uint64(b[56:]) != xxhash.Sum64(b[:56]) {
		return header{}, noHeader(name, 56, "segment header fails its checksum")
	}
	if binary.LittleEndian.Uint32(b[8:]) > version {
		return header{}, ErrUnsupported
	}
	return header{
		store:   binary.LittleEndian.Uint64(b[16:]),
		id:      binary.LittleEndian.Uint64(b[24:]),
		created: int64(binary.LittleEndian.Uint64(b[32:])),
	}, nil
}

func noHeader(name string, off int64, reason string) error {
	return fmt.Errorf("%w: %w", ErrNoHeader, &CorruptError{name, off, reason})
}

// chainStart is the chain of a segment that has no record yet.
func chainStart(h header) uint64 {
	return xxhash.Sum64(h.encode())
}

// link extends a chain by the checksum of one more record. The chain of a
// segment stands for all its records in their order; the manifest keeps it.
func link(chain, sum uint64) uint64 {
	var b [16]byte
	binary.LittleEndian.PutUint64(b[:], chain)
	binary.LittleEndian.PutUint64(b[8:], sum)
	return xxhash.Sum64(b[:])
}
