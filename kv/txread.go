package kv

import (
	"cmp"
	"errors"
	"iter"
	"slices"
	"strings"

	"github.com/spcent/plumego/store/internal/keydir"
	"github.com/spcent/plumego/store/internal/record"
	"github.com/spcent/plumego/store/internal/spin"
)

// base is the store as a transaction found it: a snapshot of what readers
// saw, and the writes that waited for their sync. Those count, or two
// transactions on one key could never share a sync.
type base struct {
	*Snapshot
	waiting [2][]mutation // the newer group first
	rests   *group        // the newest group that had any; nil if there was none
	from    uint64        // place in the journal
}

// newBase takes a base.
func (e *engine) newBase() (*base, error) {
	spin.Lock(&e.mu)
	defer e.mu.Unlock()
	n, err := e.snapshotLocked(ofCall)
	if err != nil {
		return nil, err
	}
	b := &base{Snapshot: n, from: e.journal.begin()}
	for i, g := range []*group{e.group, e.settling} {
		if g == nil || len(g.mutations) == 0 {
			continue
		}
		b.waiting[i] = g.mutations // it only grows
		if b.rests == nil {
			b.rests = g
		}
	}
	return b, nil
}

func (b *base) end() {
	spin.Lock(&b.engine.mu)
	b.engine.journal.end()
	b.engine.mu.Unlock()
	b.Snapshot.end()
}

// find returns the entry that a key had, whether or not it had expired.
func (b *base) find(h uint64, key string) (keydir.Entry, bool, error) {
	var touch *mutation
	for _, ms := range b.waiting {
		for i := range slices.Backward(ms) {
			m := &ms[i]
			if m.hash != h || m.key != key {
				continue
			}
			switch {
			case m.kind == record.Tombstone:
				return keydir.Entry{}, false, nil
			case m.kind == record.Put:
				return touched(m.entry(), touch), true, nil
			case touch == nil:
				touch = m
			}
		}
	}
	stripe := b.engine.index.Stripe(h)
	stripe.RLock()
	defer stripe.RUnlock()
	if err := b.usable(); err != nil {
		return keydir.Entry{}, false, err
	}
	entry, ok := b.index.Find(stripe, h, key)
	return touched(entry, touch), ok, nil
}

// touched returns an entry with the deadline of the touch, if there is one.
func touched(entry keydir.Entry, touch *mutation) keydir.Entry {
	if touch != nil {
		entry.Deadline = touch.deadline
	}
	return entry
}

// sight is what a transaction sees of a key that has a value.
type sight struct {
	key      string
	deadline int64
	own      bool         // the transaction has set it
	value    []byte       // if own; never changed
	entry    keydir.Entry // if not own
}

// looking returns the transaction's base, taken by the first that asks.
func (t *Tx) looking() (_ *base, err error) {
	if t.done {
		return nil, ErrTxDone
	}
	if t.base == nil {
		if t.base, err = t.store.engine.newBase(); err != nil {
			return nil, err
		}
	}
	return t.base, nil
}

// see returns what the transaction sees of a key: its own write, or what was
// there, which it then depends on.
func (t *Tx) see(key string) (sight, error) {
	b, err := t.looking()
	if err != nil {
		return sight{}, err
	}
	h := b.engine.index.Hash(key)
	w := t.find(h, key)
	if w == nil {
		t.add(write{key: key, hash: h})
		w = &t.writes[len(t.writes)-1]
	}
	switch w.kind {
	case record.Tombstone:
		return sight{}, ErrKeyNotFound
	case record.Put:
		if w.deadline != 0 && b.now >= w.deadline {
			return sight{}, ErrKeyExpired
		}
		return sight{key: key, deadline: w.deadline, own: true, value: w.value}, nil
	}
	w.read = true
	entry, ok, err := b.find(h, key)
	switch {
	case err != nil:
		return sight{}, err
	case !ok:
		return sight{}, notFound(key)
	case b.expired(entry.Deadline):
		return sight{}, ErrKeyExpired
	}
	t.dependOn(entry.Deadline)
	x := sight{key: key, deadline: entry.Deadline, entry: entry}
	if w.kind == record.Touch {
		x.deadline = w.deadline
	}
	return x, nil
}

// dependOn notes that something was seen alive that dies at deadline.
func (t *Tx) dependOn(deadline int64) {
	if deadline != 0 && (t.until == 0 || deadline < t.until) {
		t.until = deadline
	}
}

// item reads the value of what was seen.
func (t *Tx) item(x sight) (Item, error) {
	if x.own {
		return Item{Key: x.key, Value: append([]byte{}, x.value...), Deadline: asTime(x.deadline)}, nil
	}
	item, err := t.base.item(keydir.Pair{Key: x.key, Entry: x.entry})
	item.Deadline = asTime(x.deadline)
	return item, err
}

// valueOf returns the value of what was seen, as long as that is a counter's;
// it is good until the next call.
func (t *Tx) valueOf(x sight) ([]byte, error) {
	if x.own {
		return x.value, nil
	}
	return t.base.appendValue(t.counter[:0], x.key, x.entry)
}

// Scan yields the keys that begin with prefix, all if it is empty, with their
// values, in ascending byte order, the transaction's own writes before the
// first step included. The loop may write to the transaction, and sees none of
// that. An error, one of those of Get, is yielded last.
//
// The transaction then depends on every key that was yielded, and on none
// having come or gone between the first and the last of them: all those with
// the prefix, if the loop has not ended it early.
func (t *Tx) Scan(prefix string) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		i := len(t.spans)
		t.spans = append(t.spans, prefixed(prefix))
		for x, err := range t.scan(prefix) {
			var item Item
			if t.done { // by now: what it wrote lies in memory that is another's
				err = ErrTxDone
			}
			if err == nil {
				item, err = t.item(x)
			}
			if !yield(item, err) && err == nil {
				t.spans[i].to = x.key + "\x00"
				return
			}
			if err != nil {
				return
			}
		}
	}
}

// scan yields what was there, with the changes in their places.
func (t *Tx) scan(prefix string) iter.Seq2[sight, error] {
	return func(yield func(sight, error) bool) {
		changes, err := t.changes(prefix)
		if err != nil {
			yield(sight{}, err)
			return
		}
		for pair, err := range t.base.pairs(prefixed(prefix)) {
			if err != nil {
				yield(sight{}, err)
				return
			}
			for len(changes) > 0 && changes[0].key < pair.Key {
				if changes[0].alive && !yield(changes[0].sight, nil) {
					return
				}
				changes = changes[1:]
			}
			if len(changes) > 0 && changes[0].key == pair.Key {
				continue // it comes before the next
			}
			t.dependOn(pair.Entry.Deadline)
			x := sight{key: pair.Key, deadline: pair.Entry.Deadline, entry: pair.Entry}
			if !yield(x, nil) {
				return
			}
		}
		for _, c := range changes {
			if c.alive && !yield(c.sight, nil) {
				return
			}
		}
	}
}

// change is a key of which the snapshot does not say what is so.
type change struct {
	sight
	alive bool
}

// changes returns, in the order of keys, what the transaction itself has
// changed and what waited for its sync.
func (t *Tx) changes(prefix string) ([]change, error) {
	b, err := t.looking()
	if err != nil {
		return nil, err
	}
	keys := map[string]bool{}
	for i := range t.writes {
		if w := &t.writes[i]; w.kind != 0 {
			keys[w.key] = true
		}
	}
	for _, ms := range b.waiting {
		for i := range ms {
			keys[ms[i].key] = true
		}
	}
	var all []change
	for key := range keys {
		if !strings.HasPrefix(key, prefix) {
			continue
		}
		x, err := t.see(key)
		if err != nil && !errors.Is(err, ErrKeyNotFound) {
			return nil, err
		}
		x.key = key
		all = append(all, change{x, err == nil})
	}
	slices.SortFunc(all, func(a, b change) int { return cmp.Compare(a.key, b.key) })
	return all, nil
}
