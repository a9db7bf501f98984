package vfs

// Sector names one sector of 512 bytes of a file.
type Sector struct {
	Dir, Name string
	Index     int64
}

// Fill says what a crash image has where a file's length covers bytes that
// were never written.
type Fill int

// The kinds of Fill.
const (
	FillZeros Fill = iota
	FillA5
	FillStale // bytes of another file, from the same offset on
)

// Cut makes one file shorter in a crash image.
type Cut struct {
	Dir, Name string
	Length    int64 // bytes that are left
}

// Choice describes one crash image.
type Choice struct {
	Keep []Sector // the dirty sectors that were written in time
	Fill Fill
	Cut  *Cut // nil: every file has its live length
}

// DirtySectors returns, in order, the sectors of all files that differ from
// what is durable and that a crash may therefore keep or lose. A sector of
// zeros behind the durable length does not differ.
func (d *Disk) DirtySectors() []Sector {
	d.mu.Lock()
	defer d.mu.Unlock()
	var list []Sector
	for _, r := range d.relics(always) {
		for _, i := range dirtySectors(r.live, r.data) {
			if !r.lost[i] {
				list = append(list, Sector{r.path, r.name, int64(i)})
			}
		}
	}
	return list
}

// CrashWith returns the disk as a power loss now may leave it: with all live
// names, and of the dirty sectors those of the choice.
func (d *Disk) CrashWith(c Choice) *Disk {
	d.mu.Lock()
	defer d.mu.Unlock()
	all := d.relics(always)
	for _, r := range all {
		r.length = len(r.live)
		r.fill = c.Fill.filler(all, r)
		for _, s := range c.Keep {
			if s.Dir == r.path && s.Name == r.name && s.Index < int64(len(r.kept)) {
				r.keep(int(s.Index))
			}
		}
		if c.Cut != nil && c.Cut.Dir == r.path && c.Cut.Name == r.name {
			r.length = min(r.length, int(c.Cut.Length))
		}
	}
	return d.assemble(all)
}

func (f Fill) filler(all []*relic, r *relic) filler {
	lenders := others(all, r)
	switch {
	case f == FillA5:
		return fillA5
	case f == FillStale && len(lenders) > 0:
		return fillFrom(lenders[0].live, 0)
	default:
		return fillZeros
	}
}
