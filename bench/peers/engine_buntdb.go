package main

import (
	"errors"
	"path/filepath"
	"strconv"

	"github.com/tidwall/buntdb"
)

// bunt keeps all in memory and appends every transaction to a file with one
// write, so a kill loses nothing. The file is never shrunk here, which
// would only cost time. Values are strings: what a scan visits is copied
// into a buffer as everywhere, though a string could be kept.
type bunt struct {
	db *buntdb.DB
}

func openBunt(dir string) (engine, error) {
	db, err := buntdb.Open(filepath.Join(dir, "bunt.db"))
	if err != nil {
		return nil, err
	}
	e := &bunt{db}
	return e, e.configure(mode{})
}

func (e *bunt) configure(m mode) error {
	var c buntdb.Config
	if err := e.db.ReadConfig(&c); err != nil {
		return err
	}
	c.AutoShrinkDisabled = true
	c.SyncPolicy = buntdb.Never
	if m.durable {
		c.SyncPolicy = buntdb.Always
	}
	return e.db.SetConfig(c)
}

func (e *bunt) get(key string) (value []byte, err error) {
	err = e.db.View(func(tx *buntdb.Tx) error {
		v, err := tx.Get(key)
		if errors.Is(err, buntdb.ErrNotFound) {
			return errAbsent
		}
		value = clone(bytesOf(v))
		return err
	})
	return value, err
}

func (e *bunt) set(key string, value []byte) error {
	return e.setAll([]pair{{key, value}})
}

func (e *bunt) setAll(pairs []pair) error {
	return e.db.Update(func(tx *buntdb.Tx) error {
		for _, p := range pairs {
			if _, _, err := tx.Set(p.key, string(p.value), nil); err != nil {
				return err
			}
		}
		return nil
	})
}

func (e *bunt) incr(key string) (n int64, err error) {
	err = e.db.Update(func(tx *buntdb.Tx) error {
		old, err := tx.Get(key)
		if err != nil && !errors.Is(err, buntdb.ErrNotFound) {
			return err
		}
		n = 1
		if err == nil {
			if n, err = plusOne(bytesOf(old)); err != nil {
				return err
			}
		}
		_, _, err = tx.Set(key, strconv.FormatInt(n, 10), nil)
		return err
	})
	return n, err
}

func (e *bunt) scan(prefix string, limit int, visit func(string, []byte)) error {
	var buf []byte
	return e.each(prefix, limit, func(key, value string) {
		buf = append(buf[:0], value...)
		visit(key, buf)
	})
}

func (e *bunt) scanKeys(prefix string, limit int, visit func(string)) error {
	return e.each(prefix, limit, func(key, _ string) { visit(key) })
}

func (e *bunt) each(prefix string, limit int, do func(key, value string)) error {
	return e.db.View(func(tx *buntdb.Tx) error {
		return tx.AscendRange("", prefix, upperBound(prefix), func(key, value string) bool {
			do(key, value)
			limit--
			return limit != 0
		})
	})
}

func (e *bunt) settle() error { return nil }
func (e *bunt) close() error  { return e.db.Close() }
