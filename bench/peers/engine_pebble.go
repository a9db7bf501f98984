package main

import (
	"context"
	"errors"
	"strconv"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/sstable"
)

// pebbleEngine has a cache for all data, bloom filters, memtables as large
// as its authors' own use of it, both processors for compactions, and no
// compression, which would only cost time here. Without a sync its log is
// written behind the writer's back, so a kill loses acknowledged writes.
type pebbleEngine struct {
	db       *pebble.DB
	write    *pebble.WriteOptions
	counters stripes
}

func openPebble(dir string) (engine, error) {
	o := &pebble.Options{
		CacheSize:                   1 << 30,
		MemTableSize:                64 << 20,
		MemTableStopWritesThreshold: 4,
		L0CompactionThreshold:       2,
		L0StopWritesThreshold:       1000,
		LBaseMaxBytes:               64 << 20,
		CompactionConcurrencyRange:  func() (int, int) { return 1, 2 },
		FormatMajorVersion:          pebble.FormatNewest,
		Logger:                      silent{},
	}
	for i := range o.Levels {
		o.Levels[i].FilterPolicy = bloom.FilterPolicy(10)
		o.Levels[i].BlockSize = 32 << 10
		o.Levels[i].Compression = func() *sstable.CompressionProfile { return sstable.NoCompression }
	}
	db, err := pebble.Open(dir, o)
	if err != nil {
		return nil, err
	}
	return &pebbleEngine{db: db, write: pebble.NoSync}, nil
}

func (e *pebbleEngine) configure(m mode) error {
	e.write = pebble.NoSync
	if m.durable {
		e.write = pebble.Sync
	}
	return nil
}

func (e *pebbleEngine) get(key string) ([]byte, error) {
	v, done, err := e.db.Get(bytesOf(key))
	if errors.Is(err, pebble.ErrNotFound) {
		return nil, errAbsent
	}
	if err != nil {
		return nil, err
	}
	out := clone(v)
	return out, done.Close()
}

func (e *pebbleEngine) set(key string, value []byte) error {
	return e.db.Set(bytesOf(key), value, e.write)
}

func (e *pebbleEngine) setAll(pairs []pair) error {
	b := e.db.NewBatch()
	for _, p := range pairs {
		if err := b.Set(bytesOf(p.key), p.value, nil); err != nil {
			return errors.Join(err, b.Close())
		}
	}
	return errors.Join(b.Commit(e.write), b.Close())
}

// incr reads and writes under a lock of the key's: pebble's Merge would not
// return the sum.
func (e *pebbleEngine) incr(key string) (int64, error) {
	mu := e.counters.of(key)
	mu.Lock()
	defer mu.Unlock()
	old, err := e.get(key)
	if err != nil && err != errAbsent {
		return 0, err
	}
	n, err := plusOne(old)
	if err != nil {
		return 0, err
	}
	return n, e.set(key, strconv.AppendInt(nil, n, 10))
}

func (e *pebbleEngine) scan(prefix string, limit int, visit func(string, []byte)) error {
	var buf []byte
	return e.each(prefix, limit, func(it *pebble.Iterator) error {
		v, err := it.ValueAndErr()
		if err != nil {
			return err
		}
		buf = append(buf[:0], v...)
		visit(stringOf(it.Key()), buf)
		return nil
	})
}

func (e *pebbleEngine) scanKeys(prefix string, limit int, visit func(string)) error {
	return e.each(prefix, limit, func(it *pebble.Iterator) error {
		visit(stringOf(it.Key()))
		return nil
	})
}

func (e *pebbleEngine) each(prefix string, limit int, do func(*pebble.Iterator) error) error {
	it, err := e.db.NewIter(&pebble.IterOptions{LowerBound: bytesOf(prefix), UpperBound: []byte(upperBound(prefix))})
	if err != nil {
		return err
	}
	for ok := it.First(); ok; ok = it.Next() {
		if err := do(it); err != nil {
			return errors.Join(err, it.Close())
		}
		if limit--; limit == 0 {
			break
		}
	}
	return errors.Join(it.Error(), it.Close())
}

// settle compacts everything into the lowest level.
func (e *pebbleEngine) settle() error {
	return e.db.Compact(context.Background(), []byte(prefix), []byte(upperBound(prefix)), true)
}

func (e *pebbleEngine) close() error { return e.db.Close() }

// silent is a logger without a voice.
type silent struct{}

func (silent) Infof(string, ...any)  {}
func (silent) Errorf(string, ...any) {}
func (silent) Fatalf(format string, args ...any) {
	panic("pebble: fatal") // its contract is not to return
}
