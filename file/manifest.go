package file

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"math"
	"slices"
	"time"
)

const (
	digestSize      = sha256.Size
	manifestVersion = 1
)

// manifest is what is written of a file. The order of its fields on the wire,
// which must not change:
//
//	+---------+------+----------+--------------+--------------+----------+
//	| version | size | modified | content type | n, n x (key, | SHA-256  |
//	|    1    | var  |   var    |  var, bytes  |    value)    |    32    |
//	+---------+------+----------+--------------+--------------+----------+
//	| chunk size | body id | body, inline | CRC-32C |
//	|    var     | 0 or 16 |   0 to size  |    4    |
//	+------------+---------+--------------+---------+
//
// A chunk size of 0 means that the body is inline, or elsewhere, and that
// there is no id.
type manifest struct {
	size        int64
	modified    time.Time
	contentType string
	metadata    map[string]string
	digest      [digestSize]byte
	chunkSize   int
	id          bodyID
	inline      []byte
}

// bodyID names a body for as long as there is a storage.
type bodyID [16]byte

func (m *manifest) encode() []byte {
	w := &writer{buf: make([]byte, 0, 128+len(m.contentType)+len(m.inline))}
	w.byte(manifestVersion)
	w.uvarint(uint64(m.size))
	w.varint(m.modified.UnixNano())
	w.string(m.contentType)
	w.uvarint(uint64(len(m.metadata)))
	for _, key := range slices.Sorted(maps.Keys(m.metadata)) {
		w.string(key)
		w.string(m.metadata[key])
	}
	w.raw(m.digest[:])
	w.uvarint(uint64(m.chunkSize))
	if m.chunkSize > 0 {
		w.raw(m.id[:])
	}
	w.raw(m.inline)
	return w.sealed()
}

// decodeManifest reads a manifest, which keeps no part of b but for inline.
func decodeManifest(b []byte) (*manifest, error) {
	r, m := unseal(b), &manifest{}
	version := r.byte()
	size := r.uvarint()
	m.modified = time.Unix(0, r.varint()).UTC()
	m.contentType = r.string()
	m.metadata = decodeMetadata(r)
	copy(m.digest[:], r.take(digestSize))
	chunkSize := r.uvarint()
	if chunkSize > 0 {
		copy(m.id[:], r.take(uint64(len(m.id))))
	}
	if !r.ok || version != manifestVersion || size > math.MaxInt64 || chunkSize > MaxChunkSize {
		return nil, ErrCorrupt
	}
	m.size, m.chunkSize, m.inline = int64(size), int(chunkSize), r.buf
	return m, nil
}

func decodeMetadata(r *reader) map[string]string {
	n := r.uvarint()
	if n == 0 || n > uint64(len(r.buf)) {
		r.ok = r.ok && n == 0
		return nil
	}
	metadata := make(map[string]string)
	for range n {
		key := r.string()
		metadata[key] = r.string()
		if !r.ok {
			return nil
		}
	}
	return metadata
}

// etag returns the digest as FileStat has it.
func (m *manifest) etag() string { return hex.EncodeToString(m.digest[:]) }

// stat returns what a caller may know. It shares nothing with m that m could
// change later.
func (m *manifest) stat(path string, expires time.Time) FileStat {
	metadata := maps.Clone(m.metadata)
	if len(metadata) == 0 {
		metadata = nil
	}
	return FileStat{
		Path:        path,
		Size:        m.size,
		ETag:        m.etag(),
		ContentType: m.contentType,
		Metadata:    metadata,
		Modified:    m.modified,
		Expires:     expires,
	}
}
