package main

import (
	"errors"
	"strconv"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/options"
)

// badgerEngine has the defaults, which its documentation recommends for
// speed, without compression and the cache for what was decompressed,
// without metrics, and without the detection of conflicts, which blind
// writes do not need. Its log is mapped: a kill loses nothing.
type badgerEngine struct {
	db       *badger.DB
	dir      string
	durable  bool
	counters stripes
}

func openBadger(dir string) (engine, error) {
	e := &badgerEngine{dir: dir}
	return e, e.open()
}

func (e *badgerEngine) open() (err error) {
	e.db, err = badger.Open(badger.DefaultOptions(e.dir).
		WithSyncWrites(e.durable).
		WithCompression(options.None).
		WithBlockCacheSize(0).
		WithMetricsEnabled(false).
		WithDetectConflicts(false).
		WithLogger(nil))
	return err
}

// configure opens the store anew if the policy changes, which badger fixes
// at open.
func (e *badgerEngine) configure(m mode) error {
	if e.durable == m.durable {
		return nil
	}
	e.durable = m.durable
	if err := e.db.Close(); err != nil {
		return err
	}
	return e.open()
}

func (e *badgerEngine) get(key string) (value []byte, err error) {
	err = e.db.View(func(tx *badger.Txn) error {
		item, err := tx.Get(bytesOf(key))
		if errors.Is(err, badger.ErrKeyNotFound) {
			return errAbsent
		}
		if err == nil {
			value, err = item.ValueCopy(nil)
		}
		return err
	})
	return value, err
}

func (e *badgerEngine) set(key string, value []byte) error {
	return e.db.Update(func(tx *badger.Txn) error { return tx.Set(bytesOf(key), value) })
}

func (e *badgerEngine) setAll(pairs []pair) error {
	return e.db.Update(func(tx *badger.Txn) error {
		for _, p := range pairs {
			if err := tx.Set(bytesOf(p.key), p.value); err != nil {
				return err
			}
		}
		return nil
	})
}

// incr is one transaction under a lock of the key's, which is cheaper than
// conflicts.
func (e *badgerEngine) incr(key string) (n int64, err error) {
	mu := e.counters.of(key)
	mu.Lock()
	defer mu.Unlock()
	err = e.db.Update(func(tx *badger.Txn) error {
		var old []byte
		item, err := tx.Get(bytesOf(key))
		if err == nil {
			old, err = item.ValueCopy(nil)
		}
		if err != nil && !errors.Is(err, badger.ErrKeyNotFound) {
			return err
		}
		if n, err = plusOne(old); err != nil {
			return err
		}
		return tx.Set(bytesOf(key), strconv.AppendInt(nil, n, 10))
	})
	return n, err
}

func (e *badgerEngine) scan(prefix string, limit int, visit func(string, []byte)) error {
	var buf []byte
	return e.each(prefix, limit, true, func(item *badger.Item) (err error) {
		if buf, err = item.ValueCopy(buf); err != nil {
			return err
		}
		visit(stringOf(item.Key()), buf)
		return nil
	})
}

func (e *badgerEngine) scanKeys(prefix string, limit int, visit func(string)) error {
	return e.each(prefix, limit, false, func(item *badger.Item) error {
		visit(stringOf(item.Key()))
		return nil
	})
}

func (e *badgerEngine) each(prefix string, limit int, values bool, do func(*badger.Item) error) error {
	return e.db.View(func(tx *badger.Txn) error {
		o := badger.DefaultIteratorOptions
		o.PrefetchValues = values
		o.PrefetchSize = min(limit, o.PrefetchSize)
		o.Prefix = bytesOf(prefix)
		it := tx.NewIterator(o)
		defer it.Close()
		for it.Rewind(); it.Valid(); it.Next() {
			if err := do(it.Item()); err != nil {
				return err
			}
			if limit--; limit == 0 {
				break
			}
		}
		return nil
	})
}

// settle compacts all levels.
func (e *badgerEngine) settle() error { return e.db.Flatten(2) }
func (e *badgerEngine) close() error  { return e.db.Close() }
