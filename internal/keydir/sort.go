package keydir

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"
)

// lead is an id with the first bytes of its key that tell the batch's keys
// apart. Most comparisons need no more.
type lead struct {
	bytes uint64 // big endian, padded with zeros
	id    uint32
}

// descending returns the ids with the greatest key first. Inserting in that
// order leaves the tree's nodes full: a split keeps the lower half in the
// node, with room to grow, and cuts the upper half to measure. The caller
// holds the order.
func (d *Keydir) descending(ids []uint32) []lead {
	skip := d.commonPrefix(ids)
	leads := make([]lead, len(ids))
	for i, id := range ids {
		leads[i] = lead{leadingBytes(d.keyOf(id)[skip:]), id}
	}
	slices.SortFunc(leads, func(a, b lead) int {
		if c := cmp.Compare(b.bytes, a.bytes); c != 0 {
			return c
		}
		return bytes.Compare(d.keyOf(b.id), d.keyOf(a.id))
	})
	return leads
}

// commonPrefix returns how many bytes all the keys begin with together.
func (d *Keydir) commonPrefix(ids []uint32) int {
	if len(ids) == 0 {
		return 0
	}
	common := d.keyOf(ids[0])
	for _, id := range ids {
		key := d.keyOf(id)
		common = common[:min(len(common), len(key))]
		for !bytes.HasPrefix(key, common) {
			common = common[:differ(key, common)]
		}
	}
	return len(common)
}

// differ returns the index of the first byte in which two keys differ.
func differ(a, b []byte) int {
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	return i
}

func leadingBytes(key []byte) uint64 {
	if len(key) >= 8 {
		return binary.BigEndian.Uint64(key)
	}
	var padded [8]byte
	copy(padded[:], key)
	return binary.BigEndian.Uint64(padded[:])
}
