package kv

import (
	"iter"
	"log/slog"
	"slices"

	"github.com/spcent/plumego/store/internal/keydir"
)

// ScanOption changes how a range is scanned.
type ScanOption func(*span)

// Reverse has the greatest key come first. The range is the same.
func Reverse() ScanOption {
	return func(r *span) { r.direction = keydir.Descending }
}

// span is what is still to be scanned.
type span struct {
	from, to  string // [from, to); to "": no bound
	direction keydir.Direction
}

func newSpan(from, to string, opts []ScanOption) span {
	r := span{from: from, to: to}
	for _, option := range opts {
		option(&r)
	}
	return r
}

// prefixed returns the keys that begin with prefix as a span.
func prefixed(prefix string) span { return newSpan(prefix, after(prefix), nil) }

// has reports whether a key lies in the span.
func (r *span) has(key string) bool { return r.from <= key && (r.to == "" || key < r.to) }

// Scan yields the keys that begin with prefix, all if it is empty, with their
// values, in ascending byte order, as of its first step: it takes a snapshot
// then and closes it when the loop ends, however it ends. So the loop may use
// the store, and change it, and sees none of that. It holds no lock while the
// loop runs. An error, of Get's kind or ErrStoreClosed, is yielded last.
//
// Items are copies, the caller's. Up to 64 neighbours are read at once, and
// their values, at most 16 KiB then, are one allocation: who keeps a few of
// many small values for long does well to clone them.
func (s *KVStore) Scan(prefix string) iter.Seq2[Item, error] {
	return s.engine.scan(prefixed(prefix))
}

// ScanRange is Scan for the keys with from <= key < to. An empty to is no
// bound, and a range that is empty or inverted yields nothing.
func (s *KVStore) ScanRange(from, to string, opts ...ScanOption) iter.Seq2[Item, error] {
	return s.engine.scan(newSpan(from, to, opts))
}

// scan scans a snapshot of its own.
func (e *engine) scan(r span) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		n, err := e.snapshot(ofCall)
		if err != nil {
			yield(Item{}, err)
			return
		}
		defer n.end()
		n.scan(r)(yield)
	}
}

// end closes a snapshot for which nobody waits any more.
func (n *Snapshot) end() {
	if err := n.Close(); err != nil {
		n.engine.opts.Logger.Error("kv: a snapshot could not be let go of", slog.Any("error", err))
	}
}

// Keys yields the keys there were that begin with prefix, all if it is empty,
// in ascending byte order. It reads the index only. After Close it yields
// nothing more.
func (n *Snapshot) Keys(prefix string) iter.Seq[string] {
	return func(yield func(string) bool) {
		m := n.engine.scanMemory()
		defer n.engine.keepScanMemory(m)
		for batch, err := range n.batches(prefixed(prefix), keydir.DeadlineOnly, m) {
			if err != nil {
				return
			}
			for i := range batch {
				if !yield(batch[i].Key) || n.usable() != nil {
					return
				}
			}
		}
	}
}

// Scan yields the keys there were that begin with prefix, all if it is empty,
// with their values, in ascending byte order. It holds no lock while the loop
// runs, so the loop may use the store, and may close the snapshot. An error,
// one of those of Get, is yielded last.
func (n *Snapshot) Scan(prefix string) iter.Seq2[Item, error] {
	return n.scan(prefixed(prefix))
}

// ScanRange is Scan for the keys with from <= key < to. An empty to is no
// bound, and a range that is empty or inverted yields nothing.
func (n *Snapshot) ScanRange(from, to string, opts ...ScanOption) iter.Seq2[Item, error] {
	return n.scan(newSpan(from, to, opts))
}

func (n *Snapshot) scan(r span) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		m := n.engine.scanMemory()
		defer n.engine.keepScanMemory(m)
		c := &m.chunk
		for pairs, err := range n.batches(r, keydir.Whole, m) {
			for err == nil && len(pairs) > 0 {
				pairs, err = c.fill(n, pairs)
				for _, item := range c.items {
					if !yield(item, nil) {
						return
					}
					if closed := n.usable(); closed != nil {
						yield(Item{}, closed)
						return
					}
				}
			}
			if err != nil {
				yield(Item{}, err)
				return
			}
		}
	}
}

// Bounds of how many keys a scan looks at under one hold of the order. Few at
// first: many a scan ends soon.
const (
	firstBatch = 16
	scanBatch  = 256
)

// batches yields what the index had in a span and what had not expired. What
// it yields is valid until the next. An error is yielded last.
func (n *Snapshot) batches(r span, detail keydir.Detail, m *scanMemory) iter.Seq2[[]keydir.Pair, error] {
	return func(yield func([]keydir.Pair, error) bool) {
		c := n.index.Cursor(r.from, r.to, r.direction, detail)
		for size, more := firstBatch, true; more; size = min(2*size, scanBatch) {
			m.batch, more = c.Next(m.batch[:0], size)
			if err := n.usable(); err != nil {
				yield(nil, err)
				return
			}
			alive := slices.DeleteFunc(m.batch, func(pair keydir.Pair) bool { return n.expired(pair.Entry.Deadline) })
			if !yield(alive, nil) {
				return
			}
		}
	}
}

// pairs yields the pairs of batches one by one.
func (n *Snapshot) pairs(r span) iter.Seq2[keydir.Pair, error] {
	return func(yield func(keydir.Pair, error) bool) {
		m := n.engine.scanMemory()
		defer n.engine.keepScanMemory(m)
		for batch, err := range n.batches(r, keydir.Whole, m) {
			for i := 0; err == nil && i < len(batch); i++ {
				if !yield(batch[i], nil) {
					return
				}
				err = n.usable()
			}
			if err != nil {
				yield(keydir.Pair{}, err)
				return
			}
		}
	}
}

// item reads the value of a pair of the snapshot's.
func (n *Snapshot) item(pair keydir.Pair) (Item, error) {
	var c chunk
	if _, err := c.fill(n, []keydir.Pair{pair}); err != nil {
		return Item{}, err
	}
	return c.items[0], nil
}

// appendValue appends the value of an entry that the snapshot has to dst.
func (n *Snapshot) appendValue(dst []byte, key string, entry keydir.Entry) ([]byte, error) {
	n.reading.RLock()
	defer n.reading.RUnlock()
	if err := n.usable(); err != nil {
		return dst, err
	}
	dst, _, err := n.engine.log.ReadValue(dst, location(entry), key)
	return dst, n.engine.public("read a value", err)
}
