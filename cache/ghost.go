package cache

import "encoding/binary"

// The ghosts of a table are fingerprints of keys that were evicted from
// probation: about as many as it has records, more if records are large. They
// lie in sets of eight, of which a new one pushes the oldest out. A key that
// comes back while its fingerprint is there has shown what probation is to
// show, if it comes soon.
const (
	ghostShare = 8 // part of a page
	ghostBytes = 2
	ghostSet   = 8 // fingerprints
)

func (t table) ghostSets() int { return len(t) / ghostShare / (ghostBytes * ghostSet) }

// ghosts returns the set that a hash belongs to, and its fingerprint, which
// is not 0.
func (t table) ghosts(hash uint64) (set []byte, fingerprint uint16) {
	i := int(uint64(tagOf(hash)&0xffff) * uint64(t.ghostSets()) >> 16)
	return t[tableHeader+i*ghostBytes*ghostSet:][:ghostBytes*ghostSet], uint16(hash>>16) | 1
}

// remember adds a ghost.
func (t table) remember(hash uint64) {
	set, fingerprint := t.ghosts(hash)
	copy(set[ghostBytes:], set)
	binary.LittleEndian.PutUint16(set, fingerprint)
}

// comeback is when a key has come back.
type comeback int

const (
	never comeback = iota
	soon           // after no more evictions than the table has records
	late
)

// recall says when the key of a ghost has come back, and removes the ghost.
func (t table) recall(hash uint64) comeback {
	set, fingerprint := t.ghosts(hash)
	for i := 0; i < len(set); i += ghostBytes {
		if binary.LittleEndian.Uint16(set[i:]) != fingerprint {
			continue
		}
		copy(set[i:], set[i+ghostBytes:])
		binary.LittleEndian.PutUint16(set[len(set)-ghostBytes:], 0)
		// Each set has had as many since, more or less.
		if since := i / ghostBytes * t.ghostSets(); since > t.count() {
			return late
		}
		return soon
	}
	return never
}
