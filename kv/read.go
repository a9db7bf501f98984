package kv

import (
	"errors"

	"github.com/spcent/plumego/store/internal/keydir"
	"github.com/spcent/plumego/store/internal/record"
	"github.com/spcent/plumego/store/internal/seglog"
	"github.com/spcent/plumego/store/internal/segment"
)

// Get returns a copy of the value of key, which the caller owns; it is not
// nil, even if empty. A key without a value is ErrKeyNotFound, and so, as
// ErrKeyExpired, is one whose deadline has passed. Bytes that are not those
// once written are ErrCorrupt, never a value.
func (s *KVStore) Get(key string) ([]byte, error) {
	value, err := s.AppendGet(nil, key)
	if err == nil && value == nil {
		value = []byte{}
	}
	return value, err
}

// AppendGet appends a copy of the value of key to dst and returns the result,
// as append does. It allocates only when dst has no room. After an error,
// which is one of those of Get, the result is dst as it was.
func (s *KVStore) AppendGet(dst []byte, key string) ([]byte, error) {
	dst, _, _, err := s.engine.read(dst, key)
	return dst, err
}

// GetItem is Get with all that is known of the key. Item.Version names the
// value: it stays when Expire gives the key another deadline.
func (s *KVStore) GetItem(key string) (Item, error) {
	value, deadline, header, err := s.engine.read(nil, key)
	if err != nil {
		return Item{}, err
	}
	if value == nil {
		value = []byte{}
	}
	return Item{Key: key, Value: value, Deadline: asTime(deadline), Version: header.Seq}, nil
}

// read appends the value of key to dst and returns what else is known of it.
// The copy is made under a pin of the stripe's: so long no segment goes away.
//
// It first goes where the slot of the key's hash leads, and there finds the
// key to compare and the deadline: one step in the index, one in the log.
// Only for what a slot cannot say it asks the index for the entry.
func (e *engine) read(dst []byte, key string) ([]byte, int64, record.Header, error) {
	h := e.index.Hash(key)
	stripe := e.index.Stripe(h)
	stripe.Pin()
	defer stripe.Unpin()
	number, offset, ok, maybe := stripe.Locate(h)
	if e.closed.Load() { // perhaps because what has just been asked was lost
		return dst, 0, record.Header{}, ErrStoreClosed
	}
	if !ok && !maybe {
		return dst, 0, record.Header{}, notFound(key)
	}
	if ok {
		value, header, err := e.log.ReadValue(dst, seglog.Location{Segment: number, Offset: offset}, key)
		switch {
		case mayBeAnothers(err):
		case err != nil:
			return dst, 0, header, e.public("read a value", err)
		case e.expired(header.Deadline):
			return dst, 0, header, ErrKeyExpired
		default:
			return value, header.Deadline, header, nil
		}
	}
	return e.readEntry(dst, stripe, h, key)
}

// mayBeAnothers reports whether an error of reading a record that was found by
// a hash is that of another key, or damaged, so that it cannot say whose it is.
func mayBeAnothers(err error) bool {
	var damaged *segment.CorruptError
	return errors.Is(err, segment.ErrOtherKey) || errors.As(err, &damaged)
}

// readEntry is read by way of the key's entry. The caller holds a pin.
func (e *engine) readEntry(dst []byte, stripe *keydir.Stripe, h uint64, key string) ([]byte, int64, record.Header, error) {
	stripe.RLock()
	entry, err := e.findLocked(stripe, h, key)
	stripe.RUnlock()
	if err != nil {
		return dst, 0, record.Header{}, err
	}
	value, header, err := e.log.ReadValue(dst, location(entry), key)
	return value, entry.Deadline, header, e.public("read a value", err)
}

// findLocked returns the entry of a key that lives. The caller holds the
// stripe's lock.
func (e *engine) findLocked(stripe *keydir.Stripe, h uint64, key string) (keydir.Entry, error) {
	if e.closed.Load() {
		return keydir.Entry{}, ErrStoreClosed
	}
	entry, ok := stripe.Find(h, key)
	if !ok {
		return keydir.Entry{}, notFound(key)
	}
	if e.expired(entry.Deadline) {
		return keydir.Entry{}, ErrKeyExpired
	}
	return entry, nil
}

// notFound says why a key is not there.
func notFound(key string) error {
	if err := checkKey(key); err != nil {
		return err
	}
	return ErrKeyNotFound
}

// find is findLocked with the lock taken.
func (e *engine) find(key string) (keydir.Entry, error) {
	h := e.index.Hash(key)
	stripe := e.index.Stripe(h)
	stripe.RLock()
	defer stripe.RUnlock()
	return e.findLocked(stripe, h, key)
}

// Exists reports whether key has a value that has not expired. It reads the
// index only. After Close it reports false.
func (s *KVStore) Exists(key string) bool {
	_, err := s.engine.find(key)
	return err == nil
}

// lookup returns what readers see of a key, whether or not it has expired.
func (e *engine) lookup(h uint64, key string) (keydir.Entry, bool) {
	stripe := e.index.Stripe(h)
	stripe.RLock()
	defer stripe.RUnlock()
	return stripe.Find(h, key)
}

// newest returns what the log says of a key, writes included that readers do
// not see yet, whether or not it has expired. The caller holds mu.
func (e *engine) newest(h uint64, key string) (keydir.Entry, bool) {
	if len(e.pending) > 0 {
		if m, ok := e.pending[key]; ok {
			return m.entry(), m.kind != record.Tombstone
		}
	}
	return e.lookup(h, key)
}

// alive is newest without what has expired. The caller holds mu.
func (e *engine) alive(h uint64, key string) (keydir.Entry, error) {
	entry, ok := e.newest(h, key)
	if e.closed.Load() {
		return entry, ErrStoreClosed // the index may have been lost
	}
	if !ok {
		return entry, ErrKeyNotFound
	}
	if e.expired(entry.Deadline) {
		return entry, ErrKeyExpired
	}
	return entry, nil
}
