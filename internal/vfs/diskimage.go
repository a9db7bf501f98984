package vfs

import (
	"maps"
	"math/rand/v2"
	"slices"
)

// relic is one file on its way into a crash image.
type relic struct {
	path, name string
	live       []byte
	*stable

	// kept is, for each sector of live, how many of its first bytes were
	// written in time.
	kept   []int
	length int
	fill   filler
}

// filler makes up the bytes from off on that a file's length covers and
// nobody has written.
type filler func(dst []byte, off int)

// keep lets a sector survive, unless a failed sync has lost it.
func (r *relic) keep(i int) {
	if !r.lost[i] {
		r.kept[i] = sectorSize
	}
}

// bytes returns what stable storage holds of the file in the end.
func (r *relic) bytes() []byte {
	b := make([]byte, r.length)
	n := copy(b, r.data)
	if n < len(b) {
		r.fill(b[n:], n)
	}
	for i, k := range r.kept {
		src := sectorOf(r.live, i)
		copy(sectorOf(b, i), src[:min(k, len(src))])
	}
	return b
}

// relics returns the files of the directories that survive, in a fixed
// order, each as it is durable.
func (d *Disk) relics(keepName func() bool) []*relic {
	var all []*relic
	for _, path := range slices.Sorted(maps.Keys(d.mem.dirs)) {
		table := d.names[d.mem.dirs[path]].survivors(keepName)
		for _, name := range slices.Sorted(maps.Keys(table)) {
			b := table[name]
			r := &relic{path: path, name: name, live: b.snapshot(), stable: b.stable, fill: fillZeros}
			r.kept = make([]int, sectors(len(r.live)))
			r.length = len(r.data)
			all = append(all, r)
		}
	}
	return all
}

// assemble returns a disk of these files, with the directories and the knobs
// of d, on which everything is durable.
func (d *Disk) assemble(all []*relic) *Disk {
	image := d.blank()
	for _, r := range all {
		image.put(image.mem.dirs[r.path], r.name, r.bytes())
	}
	return image
}

// blank returns a disk with the knobs and the directories of d.
func (d *Disk) blank() *Disk {
	c := NewDisk()
	c.Placement, c.NoMap, c.capacity = d.Placement, d.NoMap, d.capacity
	for path := range d.mem.dirs {
		f := newFolder()
		c.mem.dirs[path] = f
		c.names[f] = newNames()
	}
	return c
}

// put adds a durable file. It keeps data.
func (d *Disk) put(f *folder, name string, data []byte) {
	b := newBlob(data)
	f.names[name] = b
	d.names[f].durable[name] = b
	b.stable = &stable{data: slices.Clone(data)}
}

func newBlob(data []byte) *blob { return &blob{data: data, used: len(data)} }

func fillZeros([]byte, int) {}

func fillA5(dst []byte, _ int) {
	for i := range dst {
		dst[i] = 0xA5
	}
}

// fillFrom repeats src, from which start is taken for offset 0.
func fillFrom(src []byte, start int) filler {
	return func(dst []byte, off int) {
		for i := range dst {
			dst[i] = src[(start+off+i)%len(src)]
		}
	}
}

// others returns the relics beside r that have bytes to lend.
func others(all []*relic, r *relic) []*relic {
	return slices.DeleteFunc(slices.Clone(all), func(o *relic) bool { return o == r || len(o.live) == 0 })
}

// randomFill draws one of the three fillers.
func randomFill(rng *rand.Rand, all []*relic, r *relic) filler {
	lenders := others(all, r)
	switch n := rng.IntN(3); {
	case n == 1:
		return fillA5
	case n == 2 && len(lenders) > 0:
		src := lenders[rng.IntN(len(lenders))].live
		return fillFrom(src, rng.IntN(sectors(len(src)))*sectorSize)
	default:
		return fillZeros
	}
}
