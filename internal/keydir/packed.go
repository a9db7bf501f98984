package keydir

import "encoding/binary"

// packed is an entry and its key as they lie in the arena, little endian:
//
//	 0                 8                 16       20   22   24
//	+-----------------+-----------------+--------+----+----+--------
//	| deadline        | filed           | size   | key| fla| key
//	| ms, 0: never    | ms, 0: nowhere  | / 8    | len| gs | bytes ...
//	+-----------------+-----------------+--------+----+----+--------
//
// Where the record lies is in the slot that leads here.
//
// The slice runs on behind the key. All of it is protected by the stripe's
// lock, save that the key and its length do not change from setKey to
// release and may be read without it by whoever knows that the entry has not
// been released: the holder of the order lock.
type packed []byte

const headerSize = 24

// The states of an entry. A released one has none.
const (
	live    = 1 << iota // not a ghost
	queued              // its id waits in the queue
	ordered             // its id is in the tree; changed by Fold alone
	held                // not to be expired: see Hold
)

// entry puts together what the slot and the packed entry know.
func (p packed) entry(at spot) Entry {
	return Entry{
		Segment:  at.segment(),
		Offset:   at.offset(),
		Size:     p.size(),
		Deadline: p.deadline(),
	}
}

// setEntry keeps what the slot has no room for.
func (p packed) setEntry(e Entry) {
	binary.LittleEndian.PutUint32(p[16:], uint32(e.Size/unit))
	p.setDeadline(e.Deadline)
}

func (p packed) size() int64 { return int64(binary.LittleEndian.Uint32(p[16:])) * unit }

func (p packed) deadline() int64 { return int64(binary.LittleEndian.Uint64(p[0:])) }

// setDeadline keeps what lies before 1970 as the first millisecond of it: as
// dead as ever, and still a place to file it under.
func (p packed) setDeadline(ms int64) {
	if ms < 0 {
		ms = 1
	}
	binary.LittleEndian.PutUint64(p[0:], uint64(ms))
}

// filed is where the deadlines hold the entry's id: no later than its
// deadline, if it has one. It outlives the entry, for so does the id there.
func (p packed) filed() int64 { return int64(binary.LittleEndian.Uint64(p[8:])) }

func (p packed) setFiled(ms int64) { binary.LittleEndian.PutUint64(p[8:], uint64(ms)) }

// key is not a copy, and nothing may be written to it.
func (p packed) key() []byte { return p[headerSize : headerSize+p.keyLen()] }

func (p packed) keyLen() int { return int(binary.LittleEndian.Uint16(p[20:])) }

func setKey[K string | []byte](p packed, key K) {
	binary.LittleEndian.PutUint16(p[20:], uint16(len(key)))
	copy(p[headerSize:], key)
}

func (p packed) has(flag uint16) bool { return p.flags()&flag != 0 }

func (p packed) set(flag uint16) { p.setFlags(p.flags() | flag) }

func (p packed) clear(flag uint16) { p.setFlags(p.flags() &^ flag) }

func (p packed) flags() uint16 { return binary.LittleEndian.Uint16(p[22:]) }

func (p packed) setFlags(flags uint16) { binary.LittleEndian.PutUint16(p[22:], flags) }

// next links the released entries of one size; it lies where the deadline
// was.
func (p packed) next() uint32 { return binary.LittleEndian.Uint32(p[0:]) }

func (p packed) setNext(ref uint32) { binary.LittleEndian.PutUint32(p[0:], ref) }
