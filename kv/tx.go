package kv

import (
	"errors"
	"strconv"
	"time"

	"github.com/spcent/plumego/store/internal/record"
)

// Tx is a transaction: what a call of Update reads and writes. It sees the
// store as it was at one moment, that of its first read, with all that had
// been written by then, and its own writes over it. Time stands still in it.
//
// It is for one goroutine at a time and for the call it was made for: after
// that its methods fail with ErrTxDone, and those without an error show
// nothing.
type Tx struct {
	store *KVStore
	done  bool
	base  *base // nil until the first read

	*txMemory       // nil when it is done
	size      int64 // bytes of the records of its writes; 0: it has none

	// What the transaction rests on beside keys: ranges, and that it was not
	// yet the earliest deadline of what it has seen alive, in Unix
	// milliseconds; 0 for none.
	spans []span
	until int64
}

// Update calls fn with a transaction and, if fn returns nil, does all that fn
// has written through it, in one step: readers that look at several keys at
// one moment (Snapshot, View, Scan, another Update) see all of it or nothing,
// and so does whoever opens the store after a crash. Get and Exists look at
// one key at one moment: two calls, one before and one after the step, may see
// a key as it was and another as it is now.
//
// Updates are serializable: each has the effect of running alone, at one
// moment. fn runs beside other writers and holds no lock. If what it has read
// was changed meanwhile, by any means, or has expired, it is run again, so it
// must not have effects of its own; what it writes to variables outside must
// be set anew by each run. After a few such runs other writers are held back
// until fn is done, for at most a second each, so that a short fn does not
// starve. If it is overtaken even then, again and again, the error is
// ErrConflict: fn takes longer than that, or itself writes to the store what it
// reads through its transaction.
//
// An error of fn is returned as it is, and then nothing was written; nor if fn
// panics or ends the goroutine. fn may use the store beside its transaction,
// and call Update again: those are steps of their own, which are done when
// they return, whatever becomes of fn, and done again if fn is run again.
//
// Under SyncAlways one fsync acknowledges all of it, together with what others
// write at the same time. What fn has read may be so new that it waits for
// its own sync; then Update waits for that too, also to return fn's error.
//
// Other errors are those of Set.
func (s *KVStore) Update(fn func(tx *Tx) error) error {
	return s.update(fn, func([]mutation) {})
}

// Get returns a copy of the value of key, which the caller owns; it is not
// nil, even if empty. Errors are those of KVStore.Get and ErrTxDone.
func (t *Tx) Get(key string) ([]byte, error) {
	item, err := t.GetItem(key)
	return item.Value, err
}

// GetItem is Get with all that is known of the key. A value that the
// transaction itself has set has Version 0: it gets one when it is done.
func (t *Tx) GetItem(key string) (Item, error) {
	x, err := t.see(key)
	if err != nil {
		return Item{}, err
	}
	return t.item(x)
}

// Exists reports whether key has a value that has not expired. It reads the
// index only.
func (t *Tx) Exists(key string) bool {
	_, err := t.see(key)
	return err == nil
}

// Set is KVStore.Set as a part of the transaction; value is copied. All that
// one transaction writes must fit one segment, or one record of the greatest
// key and value if that is longer (see Options); what would exceed that is
// ErrTxTooLarge and changes nothing. Other errors are ErrInvalidKey,
// ErrInvalidTTL, ErrValueTooLarge and ErrTxDone; those of the disk come from
// Update.
func (t *Tx) Set(key string, value []byte, ttl time.Duration) error {
	deadline, err := t.store.engine.deadlineOf(ttl)
	if err != nil {
		return err
	}
	return t.put(key, value, deadline)
}

// SetUntil is Set with a deadline instead of a ttl. The zero time is for
// ever; a deadline that has passed deletes the key.
func (t *Tx) SetUntil(key string, value []byte, deadline time.Time) error {
	d := asDeadline(deadline)
	if t.store.engine.expired(d) {
		if err := t.store.checkValue(value); err != nil {
			return err
		}
		return t.Delete(key)
	}
	return t.put(key, value, d)
}

// Delete removes key. That it was not there is no error. Errors are those of
// Set.
func (t *Tx) Delete(key string) error {
	if err := checkKey(key); err != nil {
		return err
	}
	return t.write(write{kind: record.Tombstone, key: key})
}

// Incr is KVStore.Incr as a part of the transaction. Errors are those of Set
// and Get, ErrNotInteger and ErrOverflow.
func (t *Tx) Incr(key string, delta int64, ttl time.Duration) (int64, error) {
	if err := checkKey(key); err != nil {
		return 0, err
	}
	deadline, err := t.store.engine.deadlineOf(ttl)
	if err != nil {
		return 0, err
	}
	sum := delta
	x, err := t.see(key)
	switch {
	case err == nil:
		value, err := t.valueOf(x)
		if err != nil {
			return 0, err
		}
		if sum, err = add(value, delta); err != nil {
			return 0, err
		}
		deadline = x.deadline
	case !errors.Is(err, ErrKeyNotFound):
		return 0, err
	}
	return sum, t.put(key, strconv.AppendInt(t.counter[:0], sum, 10), deadline)
}

// Expire is KVStore.Expire as a part of the transaction. Errors are those of
// Set and Get.
func (t *Tx) Expire(key string, ttl time.Duration) error {
	deadline, err := t.store.engine.deadlineOf(ttl)
	if err != nil {
		return err
	}
	x, err := t.see(key)
	if err != nil {
		return err
	}
	if x.own {
		return t.write(write{kind: record.Put, key: key, value: x.value, deadline: deadline})
	}
	return t.write(write{kind: record.Touch, key: key, deadline: deadline})
}

// put is Set once the deadline is known.
func (t *Tx) put(key string, value []byte, deadline int64) error {
	if err := checkKey(key); err != nil {
		return err
	}
	if err := t.store.checkValue(value); err != nil {
		return err
	}
	if t.done {
		return ErrTxDone
	}
	return t.write(write{kind: record.Put, key: key, value: t.keep(value), deadline: deadline})
}

// write keeps what is to become of a key, in the place of what was before.
func (t *Tx) write(w write) error {
	if t.done {
		return ErrTxDone
	}
	w.hash = t.store.engine.index.Hash(w.key)
	size := t.size + w.size()
	old := t.find(w.hash, w.key)
	if old != nil && old.kind != 0 {
		size -= old.size()
	}
	if size > t.store.engine.maxGroup() {
		return ErrTxTooLarge
	}
	t.size = size
	if old == nil {
		t.add(w)
		return nil
	}
	w.read = old.read
	*old = w
	return nil
}

// maxGroup is how many bytes of records a transaction may write.
func (e *engine) maxGroup() int64 {
	return max(e.opts.SegmentSize, record.Size(MaxKeySize, 0)+e.opts.MaxValueSize)
}
