package kv

import (
	"fmt"
	"slices"

	"github.com/spcent/plumego/store/internal/keydir"
	"github.com/spcent/plumego/store/internal/record"
	"github.com/spcent/plumego/store/internal/seglog"
)

// Options.MaxBytes bounds the log. Compaction keeps it within what is alive
// divided by 1-CompactRatio, so what is alive is bounded by as much less; the
// rest of MaxBytes is the room in which compaction works, a segment of it for
// the copy that is being made. Only close to one of the two bounds does a
// write count exactly.

// room is what is known of the log's size. Protected by the engine's mu.
type room struct {
	live, disk int64 // bytes, when so many had been appended:
	at         int64
}

// note remembers the size of the log. The caller holds mu.
func (r *room) note(e *engine, u seglog.Usage) {
	r.live, r.disk, r.at = u.Records-u.Dead-u.Seals-e.doomed(), u.Disk+u.Copying, e.log.Appended()
}

// doomed returns how many bytes that count as alive are dead when all that
// waits for its sync is published. The caller holds mu.
func (e *engine) doomed() (n int64) {
	for key, m := range e.pending {
		if old, ok := e.lookup(m.hash, key); ok && !m.keeps(location(old)) {
			n += old.Size
		}
	}
	for _, g := range []*group{e.settling, e.group} {
		if g == nil {
			continue
		}
		for _, m := range g.mutations {
			if newest := e.pending[m.key]; !newest.keeps(m.at) {
				n += m.at.Size
			}
		}
	}
	return n
}

// keeps reports whether a mutation, the newest of its key, needs a record.
func (m *mutation) keeps(at seglog.Location) bool {
	return m.kind != record.Tombstone && location(m.entry()) == at
}

// errCrowded is an ErrFull that compaction may do something about.
var errCrowded = fmt.Errorf("%w of what nobody needs", ErrFull)

// crowdedError is errCrowded as it was found after so many rewrites.
type crowdedError struct{ rewrites uint64 }

func (*crowdedError) Error() string { return errCrowded.Error() }
func (*crowdedError) Unwrap() error { return errCrowded }

// roomFor returns an ErrFull if a mutation, of which the value is given, would
// bring the log above Options.MaxBytes, or finds no room in the index. A
// delete never does. The caller holds mu.
func (e *engine) roomFor(m mutation, value []byte) error {
	if err := e.indexable(&m, &e.claims); err != nil || e.opts.MaxBytes == 0 || m.kind == record.Tombstone {
		return err
	}
	size := record.Size(len(m.key), len(value))
	if e.fits(size, 0) == nil {
		return nil
	}
	return e.makeRoom(size, []mutation{m})
}

// roomForAll is roomFor for the mutations of a group, of so many bytes.
func (e *engine) roomForAll(all []mutation, size int64) error {
	if err := e.allIndexable(all); err != nil {
		return err
	}
	if e.opts.MaxBytes == 0 || e.fits(size, 0) == nil {
		return nil
	}
	if deletes := !slices.ContainsFunc(all, func(m mutation) bool { return m.kind != record.Tombstone }); deletes {
		return nil
	}
	return e.makeRoom(size, all)
}

// indexable returns an ErrFull if the index might not take a mutation, behind
// others: what is in the log must get there.
func (e *engine) indexable(m *mutation, others *keydir.Claims) error {
	if m.kind == record.Put && !e.index.Fits(m.hash, m.key, others) {
		return ErrFull
	}
	return nil
}

// allIndexable is indexable for the mutations of a group, each behind all
// others and what is pending.
func (e *engine) allIndexable(all []mutation) error {
	claims := e.claims
	for i := range all {
		if m := &all[i]; m.kind == record.Put {
			claims.Add(m.hash, len(m.key))
		}
	}
	for i := range all {
		m := &all[i]
		if m.kind != record.Put || e.index.Suffices(m.hash, &claims) {
			continue
		}
		claims.Drop(m.hash, len(m.key)) // it is no other
		if err := e.indexable(m, &claims); err != nil {
			return err
		}
		claims.Add(m.hash, len(m.key))
	}
	return nil
}

// makeRoom counts exactly, and removes what has expired, to find room for
// mutations of so many bytes.
func (e *engine) makeRoom(size int64, all []mutation) error {
	e.room.note(e, e.log.Usage())
	if e.fits(size, e.replaced(all)) == nil {
		return nil
	}
	for more := true; more; {
		more = e.expireSome()
	}
	e.room.note(e, e.log.Usage())
	return e.fits(size, e.replaced(all))
}

// fits returns an ErrFull unless so many bytes more are surely within the
// bounds, if so many of those that are alive die by them. While the index is
// led to a copy, what is alive there counts twice.
func (e *engine) fits(size, dying int64) error {
	since := e.log.Appended() - e.room.at
	live, disk := e.room.live+since+size-dying, e.room.disk+since+size
	grows := size > dying && float64(live) > e.mostAlive()
	switch {
	case grows && !e.compactor.moving:
		return ErrFull
	case grows, disk > e.mostDisk():
		return &crowdedError{e.compactor.rewrites.Load()}
	}
	return nil
}

// mostAlive is what may be alive after a write that adds to it, in bytes.
func (e *engine) mostAlive() float64 {
	return float64(e.opts.MaxBytes) * (1 - e.opts.CompactRatio)
}

// mostDisk is what the log may have before a write, in bytes.
func (e *engine) mostDisk() int64 { return e.opts.MaxBytes - e.opts.SegmentSize }

// replaced returns how many bytes die by mutations: what they replace, and
// themselves if the index remembers what they say.
func (e *engine) replaced(all []mutation) (size int64) {
	for _, m := range all {
		if m.kind != record.Put {
			size += record.Size(len(m.key), 0)
		}
		if m.kind == record.Touch {
			continue
		}
		if old, ok := e.newest(m.hash, m.key); ok {
			size += old.Size
		}
	}
	return size
}
