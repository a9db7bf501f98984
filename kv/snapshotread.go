package kv

import (
	"time"

	"github.com/spcent/plumego/store/internal/keydir"
)

// Get returns a copy of the value that key had, which the caller owns; it is
// not nil, even if empty. Errors are those of KVStore.Get and
// ErrSnapshotClosed.
func (n *Snapshot) Get(key string) ([]byte, error) {
	value, err := n.AppendGet(nil, key)
	if err == nil && value == nil {
		value = []byte{}
	}
	return value, err
}

// AppendGet appends a copy of the value that key had to dst and returns the
// result, as append does. It allocates only when dst has no room. After an
// error, which is one of those of Get, the result is dst as it was.
func (n *Snapshot) AppendGet(dst []byte, key string) ([]byte, error) {
	e := n.engine
	h := e.index.Hash(key)
	stripe := e.index.Stripe(h)
	stripe.RLock()
	defer stripe.RUnlock()
	entry, err := n.findLocked(stripe, h, key)
	if err != nil {
		return dst, err
	}
	dst, _, err = e.log.ReadValue(dst, location(entry), key)
	return dst, e.public("read a value", err)
}

// Exists reports whether key had a value that had not expired. It reads the
// index only. After Close it reports false.
func (n *Snapshot) Exists(key string) bool {
	_, err := n.find(key)
	return err == nil
}

// TTL returns how long key had to live when the snapshot was taken, to the
// millisecond; 0 means that it did not expire. A key without a value is
// ErrKeyNotFound.
func (n *Snapshot) TTL(key string) (time.Duration, error) {
	entry, err := n.find(key)
	if err != nil || entry.Deadline == 0 {
		return 0, err
	}
	return untilFrom(n.now, entry.Deadline), nil
}

// Len returns how many keys there were whose value had not expired. It goes
// through the whole index, without the order of keys: some 10 ms for 100,000
// keys. After Close it is 0.
func (n *Snapshot) Len() int {
	count := n.index.Count(n.now)
	if n.closed.Load() || n.engine.closed.Load() {
		return 0
	}
	return count
}

// find is findLocked with the lock taken.
func (n *Snapshot) find(key string) (keydir.Entry, error) {
	e := n.engine
	h := e.index.Hash(key)
	stripe := e.index.Stripe(h)
	stripe.RLock()
	defer stripe.RUnlock()
	return n.findLocked(stripe, h, key)
}

// findLocked returns the entry of a key that lived. The caller holds the
// stripe's lock.
func (n *Snapshot) findLocked(stripe *keydir.Stripe, h uint64, key string) (keydir.Entry, error) {
	if err := n.usable(); err != nil {
		return keydir.Entry{}, err
	}
	entry, ok := n.index.Find(stripe, h, key)
	if !ok {
		return keydir.Entry{}, notFound(key)
	}
	if n.expired(entry.Deadline) {
		return keydir.Entry{}, ErrKeyExpired
	}
	return entry, nil
}

// expired reports whether a deadline had passed when the snapshot was taken,
// and has the store remember that it was said.
func (n *Snapshot) expired(deadline int64) bool {
	return deadline != 0 && n.now >= deadline && n.engine.expired(deadline)
}
