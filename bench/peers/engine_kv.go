package main

import (
	"errors"

	"github.com/spcent/plumego/store/kv"
)

// kvEngine is what this repository is about. Default options but for the
// sync policy; under SyncNever no acknowledged write is lost to a kill.
type kvEngine struct {
	*kv.KVStore
}

func openKV(dir string) (engine, error) {
	s, err := kv.NewKVStore(kv.Options{DataDir: dir, Sync: kv.SyncNever})
	if err != nil {
		return nil, err
	}
	return &kvEngine{s}, nil
}

func (e *kvEngine) configure(m mode) error {
	policy := kv.SyncNever
	if m.durable {
		policy = kv.SyncAlways
	}
	e.KVStore = e.WithSync(policy)
	return nil
}

func (e *kvEngine) get(key string) ([]byte, error) {
	v, err := e.Get(key)
	if errors.Is(err, kv.ErrKeyNotFound) {
		return nil, errAbsent
	}
	return v, err
}

func (e *kvEngine) set(key string, value []byte) error { return e.Set(key, value, 0) }

func (e *kvEngine) setAll(pairs []pair) error {
	return e.Update(func(tx *kv.Tx) error {
		for _, p := range pairs {
			if err := tx.Set(p.key, p.value, 0); err != nil {
				return err
			}
		}
		return nil
	})
}

func (e *kvEngine) incr(key string) (int64, error) { return e.Incr(key, 1, 0) }

func (e *kvEngine) scan(prefix string, limit int, visit func(string, []byte)) error {
	for item, err := range e.Scan(prefix) {
		if err != nil {
			return err
		}
		visit(item.Key, item.Value)
		if limit--; limit == 0 {
			break
		}
	}
	return nil
}

func (e *kvEngine) scanKeys(prefix string, limit int, visit func(string)) error {
	for key := range e.Keys(prefix) {
		visit(key)
		if limit--; limit == 0 {
			break
		}
	}
	return nil
}

func (e *kvEngine) settle() error { return e.Sync() }
func (e *kvEngine) close() error  { return e.Close() }
