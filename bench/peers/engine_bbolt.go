package main

import (
	"errors"
	"path/filepath"
	"strconv"
	"time"

	"go.etcd.io/bbolt"
)

// bolt runs without syncs but where a row asks for them, writes its freelist
// only before it is closed, so that writes and opens are both quick, and is
// mapped at once for all it will hold. Single writes are transactions of
// their own; durable ones of several goroutines go through Batch, which is
// told how many to wait for instead of how long.
type bolt struct {
	db      *bbolt.DB
	batched bool
}

func bucket() []byte { return []byte("b") }

func openBolt(dir string) (engine, error) {
	db, err := bbolt.Open(filepath.Join(dir, "bolt.db"), 0o600, &bbolt.Options{
		NoSync:          true,
		NoGrowSync:      true,
		NoFreelistSync:  true,
		FreelistType:    bbolt.FreelistMapType,
		InitialMmapSize: 8 << 30,
	})
	if err != nil {
		return nil, err
	}
	return &bolt{db: db}, makeBucket(db)
}

// makeBucket writes nothing if the bucket is there.
func makeBucket(db *bbolt.DB) error {
	there := false
	err := db.View(func(tx *bbolt.Tx) error {
		there = tx.Bucket(bucket()) != nil
		return nil
	})
	if err != nil || there {
		return err
	}
	return db.Update(func(tx *bbolt.Tx) error {
		_, err := tx.CreateBucket(bucket())
		return err
	})
}

func (e *bolt) configure(m mode) error {
	e.db.NoSync = !m.durable
	e.batched = m.durable && m.writers > 1
	e.db.MaxBatchSize = m.writers
	e.db.MaxBatchDelay = 10 * time.Millisecond
	return nil
}

func (e *bolt) get(key string) (value []byte, err error) {
	err = e.db.View(func(tx *bbolt.Tx) error {
		v := tx.Bucket(bucket()).Get(bytesOf(key))
		if v == nil {
			return errAbsent
		}
		value = clone(v)
		return nil
	})
	return value, err
}

func (e *bolt) set(key string, value []byte) error {
	put := func(tx *bbolt.Tx) error { return tx.Bucket(bucket()).Put(bytesOf(key), value) }
	if e.batched {
		return e.db.Batch(put)
	}
	return e.db.Update(put)
}

func (e *bolt) setAll(pairs []pair) error {
	return e.db.Update(func(tx *bbolt.Tx) error {
		b := tx.Bucket(bucket())
		for _, p := range pairs {
			if err := b.Put(bytesOf(p.key), p.value); err != nil {
				return err
			}
		}
		return nil
	})
}

func (e *bolt) incr(key string) (n int64, err error) {
	err = e.db.Update(func(tx *bbolt.Tx) error {
		b := tx.Bucket(bucket())
		if n, err = plusOne(b.Get(bytesOf(key))); err != nil {
			return err
		}
		return b.Put(bytesOf(key), strconv.AppendInt(nil, n, 10))
	})
	return n, err
}

// plusOne returns the number that text says, plus 1; of no text, 1.
func plusOne(text []byte) (int64, error) {
	if text == nil {
		return 1, nil
	}
	n, err := strconv.ParseInt(stringOf(text), 10, 64)
	return n + 1, err
}

func (e *bolt) scan(prefix string, limit int, visit func(string, []byte)) error {
	var buf []byte
	return e.db.View(func(tx *bbolt.Tx) error {
		c := tx.Bucket(bucket()).Cursor()
		for k, v := c.Seek(bytesOf(prefix)); k != nil && hasPrefix(k, prefix); k, v = c.Next() {
			buf = append(buf[:0], v...)
			visit(stringOf(k), buf)
			if limit--; limit == 0 {
				break
			}
		}
		return nil
	})
}

func (e *bolt) scanKeys(prefix string, limit int, visit func(string)) error {
	return e.db.View(func(tx *bbolt.Tx) error {
		c := tx.Bucket(bucket()).Cursor()
		for k, _ := c.Seek(bytesOf(prefix)); k != nil && hasPrefix(k, prefix); k, _ = c.Next() {
			visit(stringOf(k))
			if limit--; limit == 0 {
				break
			}
		}
		return nil
	})
}

func (e *bolt) settle() error { return e.db.Sync() }

// close writes the freelist, without which the next open reads every page.
func (e *bolt) close() error {
	e.db.NoFreelistSync = false
	err := e.db.Update(func(*bbolt.Tx) error { return nil })
	return errors.Join(err, e.db.Close())
}
