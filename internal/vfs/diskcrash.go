package vfs

import (
	"math/rand/v2"
)

// Keep says what of the state that is not durable a power loss spares.
type Keep int

// The arguments of CrashClone.
const (
	// DropAll leaves only what is durable.
	DropAll Keep = iota
	// KeepAll leaves everything but sectors lost by a failed sync.
	KeepAll
	// Random draws: a subset of the dirty sectors, at most one of them torn
	// at some byte; for each file a length between the durable and the live
	// one, unwritten bytes being zeros, 0xA5, or bytes of another file; and
	// a subset of the pending changes of names that makes a possible
	// directory.
	Random
)

// CrashClone returns the disk as a power loss now may leave it. It is
// independent of d, has no hook and holds no locks; d goes on as if nothing
// had happened. Only Random uses rng, and the same numbers draw the same
// image.
func (d *Disk) CrashClone(rng *rand.Rand, keep Keep) *Disk {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch keep {
	case DropAll:
		return d.assemble(d.relics(never))
	case KeepAll:
		all := d.relics(always)
		for _, r := range all {
			r.keepAll()
		}
		return d.assemble(all)
	default:
		all := d.relics(func() bool { return rng.IntN(2) == 0 })
		for _, r := range all {
			r.draw(rng)
			r.fill = randomFill(rng, all, r)
		}
		tear(rng, all)
		return d.assemble(all)
	}
}

func never() bool  { return false }
func always() bool { return true }

func (r *relic) keepAll() {
	r.length = len(r.live)
	for i := range r.kept {
		r.keep(i)
	}
}

// draw chooses sectors, few or many of them, and a length, often an extreme.
func (r *relic) draw(rng *rand.Rand) {
	share := rng.Float64()
	for i := range r.kept {
		if rng.Float64() < share {
			r.keep(i)
		}
	}
	low, high := min(len(r.data), len(r.live)), max(len(r.data), len(r.live))
	switch rng.IntN(4) {
	case 0:
		r.length = low
	case 1:
		r.length = low + rng.IntN(high-low+1)
	default:
		r.length = len(r.live)
	}
}

// tear cuts, every other time, one of the dirty sectors that survive.
func tear(rng *rand.Rand, all []*relic) {
	type place struct {
		r *relic
		i int
	}
	var kept []place
	for _, r := range all {
		for _, i := range dirtySectors(r.live, r.data) {
			if r.kept[i] > 0 {
				kept = append(kept, place{r, i})
			}
		}
	}
	if len(kept) > 0 && rng.IntN(2) == 0 {
		p := kept[rng.IntN(len(kept))]
		p.r.kept[p.i] = rng.IntN(sectorSize)
	}
}

// KillClone returns the disk as the death of the process leaves it: the
// kernel still has all live bytes and names, what is durable is as it was,
// sectors lost by a failed sync stay lost, and the locks are free. It is
// independent of d and has no hook.
func (d *Disk) KillClone() *Disk { return d.Clone() }

// Clone returns a copy of the disk, durable and live, without hook and locks.
func (d *Disk) Clone() *Disk {
	d.mu.Lock()
	defer d.mu.Unlock()
	c := d.blank()
	twins := map[*blob]*blob{}
	twin := func(b *blob) *blob {
		if b != nil && twins[b] == nil {
			twins[b] = newBlob(b.snapshot())
			twins[b].stable = b.stable.clone()
		}
		return twins[b]
	}
	for path, f := range d.mem.dirs {
		to := c.mem.dirs[path]
		copyTable(to.names, f.table(), twin)
		copyTable(c.names[to].durable, d.names[f].durable, twin)
		for _, p := range d.names[f].pending {
			p.blob = twin(p.blob)
			c.names[to].pending = append(c.names[to].pending, p)
		}
	}
	return c
}

func copyTable(to, from map[string]*blob, twin func(*blob) *blob) {
	for name, b := range from {
		to[name] = twin(b)
	}
}
