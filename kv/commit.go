package kv

import (
	"errors"
	"slices"

	"github.com/spcent/plumego/store/internal/keydir"
	"github.com/spcent/plumego/store/internal/record"
	"github.com/spcent/plumego/store/internal/seglog"
	"github.com/spcent/plumego/store/internal/segment"
)

// mutation is a record in the log and what it means for the index.
type mutation struct {
	kind     record.Type
	key      string
	hash     uint64
	seq      uint64
	at       seglog.Location // of the record
	value    seglog.Location // Touch: of the record that has the value
	deadline int64           // Unix milliseconds; 0: none
}

// entry is what the index should hold after the mutation.
func (m *mutation) entry() keydir.Entry {
	at := m.at
	if m.kind == record.Touch {
		at = m.value
	}
	entry := entryAt(at)
	entry.Deadline = m.deadline
	return entry
}

// entryAt returns an entry that leads to a record, without a deadline.
func entryAt(l seglog.Location) keydir.Entry {
	return keydir.Entry{Segment: l.Segment, Offset: l.Offset, Size: l.Size}
}

// location returns where an entry's record lies.
func location(e keydir.Entry) seglog.Location {
	return seglog.Location{Segment: e.Segment, Offset: e.Offset, Size: e.Size}
}

// commitLocked is the one road to the disk: it appends a mutation to the log and
// then either publishes it or, if its policy waits for a sync, queues it.
// The caller holds mu, lets it go, and then awaits the group that is
// returned, if there is one.
func (s *KVStore) commitLocked(m mutation, value []byte) (*group, error) {
	e := s.engine
	if err := e.writable(); err != nil {
		return nil, err
	}
	if err := e.roomFor(m, value); err != nil {
		return nil, err
	}
	h := record.Header{Type: m.kind, Commit: true, Deadline: m.deadline}
	var err error
	if m.seq, m.at, err = e.log.Append(h, m.key, value); err != nil {
		return nil, e.public("append to the log", err)
	}
	e.journal.note(m.key)
	if s.policy == SyncAlways || e.isPending(m.key) {
		return e.queue(&m), nil
	}
	if err := e.publish(&m); err != nil {
		return nil, err
	}
	s.noteWrite()
	return nil, nil
}

// commitAllLocked is commitLocked for several mutations at once, which are
// one commit group: all or none of them survive a crash, and snapshots see
// all or none. It fills in their seqs. If hold is set they must not be seen
// before the next sync, whatever the policy.
func (s *KVStore) commitAllLocked(all []mutation, drafts []segment.Draft, hold bool) (*group, error) {
	e := s.engine
	number, err := e.log.AppendGroup(drafts)
	if err != nil {
		return nil, e.public("append to the log", err)
	}
	hold = hold || s.policy == SyncAlways
	for i := range all {
		m := &all[i]
		m.seq, m.at = drafts[i].Seq, seglog.Location{Segment: number, Offset: drafts[i].Offset, Size: drafts[i].Size()}
		e.journal.note(m.key)
		hold = hold || e.isPending(m.key)
	}
	if hold {
		e.nextGroup().expect(len(all))
	} else {
		e.fetch(all)
	}
	var g *group
	for i := range all {
		if hold {
			g = e.queue(&all[i])
		} else {
			err = errors.Join(err, e.publish(&all[i]))
		}
	}
	if !hold {
		s.noteWrite()
	}
	return g, err
}

// fetch prepares the index for mutations that are published next, each of
// which it would wait for otherwise.
func (e *engine) fetch(all []mutation) {
	var hashes [keydir.FetchMost]uint64
	for some := range slices.Chunk(all, len(hashes)) {
		for i := range some {
			hashes[i] = some[i].hash
		}
		e.index.Fetch(hashes[:len(some)])
	}
}

// noteWrite tells those who work behind the writers that something was
// published without a sync. The caller holds mu.
func (s *KVStore) noteWrite() {
	e := s.engine
	if s.policy == SyncInterval {
		e.syncer.note()
	}
	e.folder.note(e)
	e.compactor.note(e)
}

// writable says why nothing can be written, if so. The caller holds mu.
func (e *engine) writable() error {
	switch {
	case e.closed.Load():
		return ErrStoreClosed
	case e.opts.ReadOnly:
		return ErrReadOnly
	}
	return nil
}

// publish makes a mutation visible to readers, and counts what it makes
// useless. The records that carry no value are useless to space from the
// start: it is the index that remembers what they say. The caller holds mu,
// or is alone.
func (e *engine) publish(m *mutation) error {
	e.changes++
	switch m.kind {
	case record.Put:
		old, replaced, err := e.index.Put(m.hash, m.key, m.entry())
		if err != nil {
			e.saved.lacking = e.public("index a key", err)
			return e.saved.lacking
		}
		if replaced {
			e.log.Dead(location(old))
		}
		e.sweeper.note(m.deadline)
	case record.Tombstone:
		e.log.Spent(m.at)
		if old, ok := e.index.Delete(m.hash, m.key); ok {
			e.log.Dead(location(old))
		}
	case record.Touch:
		e.log.Spent(m.at)
		e.index.SetDeadline(m.hash, m.key, m.deadline)
		e.sweeper.note(m.deadline)
	}
	return nil
}
