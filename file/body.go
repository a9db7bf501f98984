package file

import (
	"encoding/binary"
	"time"
)

// bodyRecord stands for the chunks of a body as long as there is one of them:
// it is written with the first, and goes with the last. Each chunk of an upload
// is committed together with the record's next version, so that nobody who has
// lost the record can add to it.
//
//	+---------+-------+-------+--------+------+---------+
//	| version | state | count | since  | path | CRC-32C |
//	|    1    |   1   |  var  | varint | var  |    4    |
//	+---------+-------+-------+--------+------+---------+
type bodyRecord struct {
	state bodyState
	count uint32    // chunks that there are at most
	since time.Time // the state, or the last chunk of an upload
	path  string    // of the file that has it, or is to have it
}

type bodyState byte

// The states are written; they must not change.
const (
	uploading bodyState = 1
	// attached: the manifest at path names the body, or the body is garbage.
	attached bodyState = 2
	// garbage: the body is being removed, and nothing brings it back.
	garbage bodyState = 3
)

const bodyVersion = 1

func (b bodyRecord) encode() []byte {
	w := &writer{}
	w.byte(bodyVersion)
	w.byte(byte(b.state))
	w.uvarint(uint64(b.count))
	w.varint(b.since.UnixNano())
	w.string(b.path)
	return w.sealed()
}

func decodeBody(b []byte) (bodyRecord, error) {
	r := unseal(b)
	version := r.byte()
	state := bodyState(r.byte())
	count := r.uvarint()
	since := time.Unix(0, r.varint()).UTC()
	path := r.string()
	if !r.end() || version != bodyVersion || state < uploading || state > garbage || count > maxChunks {
		return bodyRecord{}, ErrCorrupt
	}
	return bodyRecord{state, uint32(count), since, path}, nil
}

// keys makes the keys of a storage from its prefix:
//
//	m/ path                 manifest
//	b/ body id              body record
//	c/ body id, number      chunk; the number is 4 bytes, big endian
type keys struct{ prefix string }

func (k keys) manifest(path string) string { return k.prefix + "m/" + path }
func (k keys) body(id bodyID) string       { return k.prefix + "b/" + string(id[:]) }

func (k keys) chunk(id bodyID, n uint32) string {
	return string(binary.BigEndian.AppendUint32([]byte(k.prefix+"c/"+string(id[:])), n))
}
