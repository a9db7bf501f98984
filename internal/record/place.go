package record

import "math/bits"

// Place is where a record lies. Its checksums are bound to it.
type Place struct {
	Store   uint64 // the store's random id
	Segment uint64 // the segment's number, never used twice in a store
	Offset  int64  // bytes from the start of the segment, a multiple of Align
}

// mix spreads the three numbers over 64 bits. It is part of the format. The
// constants are those of xxhash; each step is a bijection of its input, so
// two offsets of one segment never share a value.
func (p Place) mix() uint64 {
	const (
		prime1 = 0x9E3779B185EBCA87
		prime2 = 0xC2B2AE3D27D4EB4F
		prime3 = 0x165667B19E3779F9
	)
	h := p.Store ^ bits.RotateLeft64(p.Segment*prime1, 31)
	h = (h ^ h>>29) * prime2
	h ^= uint64(p.Offset) * prime3
	h = (h ^ h>>32) * prime1
	return h ^ h>>29
}
