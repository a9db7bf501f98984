package bench

import (
	"errors"
	"strconv"
	"sync"
	"time"

	"github.com/spcent/plumego/store/kv"
)

// subject is what is measured: the engine, or the map in its place.
type subject interface {
	Get(key string) ([]byte, error)
	AppendGet(dst []byte, key string) ([]byte, error)
	Set(key string, value []byte, ttl time.Duration) error
	Incr(key string, delta int64, ttl time.Duration) (int64, error)
}

var (
	_ subject = (*kv.KVStore)(nil)
	_ subject = (*lockedMap)(nil)
)

var errMissing = errors.New("bench: not in the map")

// lockedMap is the baseline that people write by hand: a map behind an
// RWMutex, values copied in and out. It ignores TTLs, has no order and
// forgets everything at exit.
type lockedMap struct {
	mu sync.RWMutex // protects m
	m  map[string][]byte
}

func newLockedMap() *lockedMap { return &lockedMap{m: make(map[string][]byte)} }

func (m *lockedMap) Get(key string) ([]byte, error) { return m.AppendGet(nil, key) }

func (m *lockedMap) AppendGet(dst []byte, key string) ([]byte, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	v, ok := m.m[key]
	if !ok {
		return dst, errMissing
	}
	return append(dst, v...), nil
}

func (m *lockedMap) Set(key string, value []byte, _ time.Duration) error {
	v := append([]byte(nil), value...)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.m[key] = v
	return nil
}

// Incr keeps the counter as decimal text, as the engine does.
func (m *lockedMap) Incr(key string, delta int64, _ time.Duration) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var n int64
	if v, ok := m.m[key]; ok {
		var err error
		if n, err = strconv.ParseInt(string(v), 10, 64); err != nil {
			return 0, err
		}
	}
	n += delta
	m.m[key] = strconv.AppendInt(nil, n, 10)
	return n, nil
}
