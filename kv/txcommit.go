package kv

import (
	"errors"

	"github.com/spcent/plumego/store/internal/record"
	"github.com/spcent/plumego/store/internal/segment"
)

// A transaction is optimistic: its function runs without a lock, and at its
// end, under mu, the journal says whether what it has read is still so. The
// other way, to run the function under the lock of writers, would have one
// caller's slow function stop all others, and a write to the store within it
// wait for itself.

// errStale says that something the transaction has read has changed.
var errStale = errors.New("kv: transaction must run again")

// runsInCrowd is how often a transaction runs before it asks for the turn, and
// turnLimit how long it may have that. Who is still overtaken then would be for
// ever, since others wait no longer, or his function itself overtakes him.
const (
	runsInCrowd = 4
	turnLimit   = 4 * turnPatience
)

// update is Update. accepted is called, under mu, with the mutations in the
// order of the writes; those that are missing changed nothing.
func (s *KVStore) update(fn func(*Tx) error, accepted func([]mutation)) error {
	g, err := s.runUntilFresh(fn, accepted)
	if failed := g.await(s.engine); failed != nil {
		return errors.Join(err, failed)
	}
	return err
}

// runUntilFresh runs fn until what its transaction has read is still so at its
// end, and appends it. It returns the group to wait for, also with an error of
// fn.
func (s *KVStore) runUntilFresh(fn func(*Tx) error, accepted func([]mutation)) (*group, error) {
	e := s.engine
	switch {
	case e.closed.Load():
		return nil, ErrStoreClosed
	case e.opts.ReadOnly:
		return nil, ErrReadOnly
	}
	for run := 1; ; run++ {
		if run > runsInCrowd && e.turn.take() {
			return s.runInTurn(fn, accepted)
		}
		if g, err, own := s.runOnce(fn, e.lockToWrite, accepted); own || err != errStale && !e.relieved(err) {
			return g, err
		}
	}
}

// runInTurn is the rest of runUntilFresh, with the turn, which it ends.
func (s *KVStore) runInTurn(fn func(*Tx) error, accepted func([]mutation)) (*group, error) {
	defer s.engine.turn.give()
	for took := stopwatch(); took() < turnLimit; {
		if g, err, own := s.runOnce(fn, s.engine.lockInTurn, accepted); own || err != errStale && !s.engine.relieved(err) {
			return g, err
		}
	}
	return nil, ErrConflict
}

// runOnce runs fn with a transaction that ends however fn ends. lock takes mu
// for it. own says that the error is fn's own, to be returned as it is.
func (s *KVStore) runOnce(fn func(*Tx) error, lock func(), accepted func([]mutation)) (g *group, err error, own bool) {
	t := &Tx{store: s, txMemory: s.engine.txMemory()}
	defer t.end()
	if err := fn(t); err != nil {
		return t.restsOn(), err, true
	}
	t.done = true
	if t.size == 0 {
		return t.restsOn(), nil, false
	}
	if t.base != nil {
		t.base.Snapshot.end() // nothing that is replaced now needs to be kept for it
	}
	lock()
	defer s.engine.mu.Unlock()
	g, err = t.commitLocked(accepted)
	return g, err, false
}

// end gives up what the transaction holds.
func (t *Tx) end() {
	t.done = true
	if t.base != nil {
		t.base.end()
	}
	t.store.engine.reuse(t.txMemory)
	t.txMemory = nil
}

// restsOn returns the group without which what was read may not be so.
func (t *Tx) restsOn() *group {
	if t.base == nil {
		return nil
	}
	return t.base.rests
}

// commitLocked does what was written, if what was read is still so.
func (t *Tx) commitLocked(accepted func([]mutation)) (*group, error) {
	s, e := t.store, t.store.engine
	if t.stale() {
		return nil, errStale
	}
	all, drafts := t.mutations()
	if err := e.writable(); err != nil {
		return nil, err // also if the index was lost, by asking it
	}
	if len(all) == 0 {
		return t.groupOfSeen(), nil
	}
	if err := e.roomForAll(all, segment.GroupSize(drafts)); err != nil {
		return nil, err
	}
	if t.stale() {
		return nil, errStale // room was made of what it has touched
	}
	g, err := s.commitAllLocked(all, drafts, e.unsettled(t.restsOn()))
	if err == nil {
		accepted(all)
	}
	return g, err
}

// stale reports whether something that was read is not so any more. The
// caller holds mu.
func (t *Tx) stale() bool {
	if t.base == nil {
		return false
	}
	e := t.store.engine
	keys, ok := e.journal.since(t.base.from)
	if !ok || e.expired(t.until) {
		return true
	}
	for _, key := range keys {
		if t.rests(key) {
			return true
		}
	}
	return false
}

// rests reports whether the transaction depends on a key.
func (t *Tx) rests(key string) bool {
	if w := t.find(t.store.engine.index.Hash(key), key); w != nil && w.read {
		return true
	}
	for _, r := range t.spans {
		if r.has(key) {
			return true
		}
	}
	return false
}

// mutations returns what the writes come to: deletes of what is not there are
// left out. The caller holds mu.
func (t *Tx) mutations() ([]mutation, []segment.Draft) {
	e := t.store.engine
	for i := range t.writes {
		w := &t.writes[i]
		if w.kind == 0 {
			continue
		}
		m := mutation{kind: w.kind, key: w.key, hash: w.hash, deadline: w.deadline}
		if w.kind != record.Put {
			entry, ok := e.newest(w.hash, w.key)
			if !ok {
				continue // a touch is of a key that was seen alive, and is
			}
			m.value = location(entry)
		}
		h := record.Header{Type: w.kind, Deadline: w.deadline}
		t.all = append(t.all, m)
		t.drafts = append(t.drafts, segment.Draft{Header: h, Key: w.key, Value: w.value})
	}
	return t.all, t.drafts
}

// groupOfSeen returns the group to wait for before it may be said that
// nothing is left of the keys that were to be deleted. The caller holds mu.
func (t *Tx) groupOfSeen() *group {
	for i := range t.writes {
		if t.writes[i].kind == 0 {
			continue
		}
		if g := t.store.groupOfSeen(t.writes[i].key); g != nil {
			return g
		}
	}
	return t.restsOn()
}

// unsettled reports whether a group, if it is one, still waits for its sync.
// The caller holds mu.
func (e *engine) unsettled(g *group) bool {
	return g != nil && (g == e.group || g == e.settling)
}
