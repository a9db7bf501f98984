package vfs

import (
	"bytes"
	"maps"
)

// sectorSize is what a device writes whole or not at all, if it is kind.
const sectorSize = 512

// stable is what stable storage holds of one file.
type stable struct {
	data []byte       // never changed in place: clones of the disk share it
	lost map[int]bool // sectors that a failed sync has lost
}

// settle makes live, which it keeps, durable, except for lost sectors.
func (s *stable) settle(live []byte) {
	for i := range s.lost {
		if sector := sectorOf(live, i); len(sector) > 0 {
			clear(sector)
			copy(sector, sectorOf(s.data, i))
		}
	}
	s.data = live
}

// lose marks every sector that waits to be written.
func (s *stable) lose(live []byte) {
	if s.lost == nil {
		s.lost = map[int]bool{}
	}
	for _, i := range dirtySectors(live, s.data) {
		s.lost[i] = true
	}
}

func (s *stable) clone() *stable {
	return &stable{data: s.data, lost: maps.Clone(s.lost)}
}

// dirtySectors returns which sectors of live differ from the durable bytes,
// as if zeros followed those.
func dirtySectors(live, durable []byte) []int {
	var dirty []int
	zeros := make([]byte, sectorSize)
	for i := range sectors(len(live)) {
		a, b := sectorOf(live, i), sectorOf(durable, i)
		n := min(len(a), len(b))
		if !bytes.Equal(a[:n], b[:n]) || !bytes.Equal(a[n:], zeros[:len(a)-n]) {
			dirty = append(dirty, i)
		}
	}
	return dirty
}

// sectors returns how many sectors that many bytes take.
func sectors(length int) int { return (length + sectorSize - 1) / sectorSize }

// sectorOf returns the bytes of a sector, fewer or none at the end.
func sectorOf(b []byte, i int) []byte {
	return b[min(i*sectorSize, len(b)):min((i+1)*sectorSize, len(b))]
}

// names is what stable storage holds of one directory, and what the running
// system has done to it since.
type names struct {
	durable map[string]*blob
	pending []change // in order
}

func newNames() *names { return &names{durable: map[string]*blob{}} }

// change is one deed on names: old goes away, name becomes blob. A creation
// has no old, a removal no name.
type change struct {
	old, name string
	blob      *blob
}

func (c change) touches(name string) bool { return c.old == name || c.name == name }

// settle makes a copy of the live names durable.
func (n *names) settle(live map[string]*blob) {
	n.durable, n.pending = live, nil
}

// survivors returns a directory that a power loss may leave, where keep says
// of each pending change whether it was in time. A change that builds on a
// lost one, because it touches the same name, is lost with it.
func (n *names) survivors(keep func() bool) map[string]*blob {
	table := maps.Clone(n.durable)
	late := map[string]bool{}
	for _, c := range n.pending {
		if !keep() || late[c.old] || late[c.name] {
			late[c.old], late[c.name] = c.old != "", c.name != ""
			continue
		}
		if c.old != "" {
			delete(table, c.old)
		}
		if c.name != "" {
			table[c.name] = c.blob
		}
	}
	return table
}
