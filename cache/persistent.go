package cache

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/spcent/plumego/store/kv"
)

// PersistentCache is a Cache in the files of a directory, with all the optional
// interfaces. It is warm after a restart: with the values, and the knowledge
// which of them are asked for.
//
// What the death of the process takes: nothing that a call has returned for.
// What a power cut takes: the newest changes, back to some moment; what is
// left is as it was then, and a value that had been deleted since may be
// there again. A wrong value or part of one is never returned.
type PersistentCache struct {
	*KVCache
	engine *kv.KVStore
	config PersistentConfig

	closing sync.Once
	err     error // of closing
}

// PersistentConfig says how large a PersistentCache may be and what it does.
// The zero value of a field is its default.
type PersistentConfig struct {
	// MaxBytes bounds the log of values on the disk. About half of it is
	// values in use, the rest is the room in which space is given back. 0 is
	// 1 GiB, the least is 1 MiB. Memory is used beside it: for each value
	// about 120 bytes and twice the key.
	MaxBytes int64
	// DefaultTTL is what a ttl of 0 means. 0 or NoExpiration: for ever.
	DefaultTTL time.Duration
	// MaxKeyLength is the greatest length of a key in bytes. 0 is 256, the
	// most 65533.
	MaxKeyLength int
	// MaxValueBytes is the greatest length of a value. 0 is a 64th of
	// MaxBytes, the most a 32nd.
	MaxValueBytes int
	// RefreshAhead is that of Config.
	RefreshAhead time.Duration
	// Logger receives what the engine has to say, never a key or a value.
	// nil discards it.
	Logger *slog.Logger
	// Now is the clock, for tests and replays; nil is the system's.
	Now func() time.Time
}

const (
	defaultDisk     = 1 << 30
	leastDisk       = 1 << 20
	valuesInDisk    = 32  // of the largest
	diskCompactness = 0.4 // of the disk that nobody needs
	// inUsePercent is the part of MaxBytes that values in use have: less than
	// where the engine is full, which is at 1-diskCompactness.
	inUsePercent = 52

	valuePrefix = "c:"
)

func (c PersistentConfig) withDefaults() PersistentConfig {
	if c.MaxBytes == 0 {
		c.MaxBytes = defaultDisk
	}
	if c.MaxKeyLength == 0 {
		c.MaxKeyLength = DefaultMaxKeyLength
	}
	if c.MaxValueBytes == 0 {
		c.MaxValueBytes = int(min(c.MaxBytes/64, maxValue))
	}
	return c
}

func (c PersistentConfig) check() error {
	switch {
	case c.MaxBytes < leastDisk:
		return fmt.Errorf("%w: MaxBytes is %d, the least is %d", ErrInvalidConfig, c.MaxBytes, leastDisk)
	case c.MaxKeyLength > kv.MaxKeySize-len(valuePrefix):
		return fmt.Errorf("%w: MaxKeyLength is %d, the most is %d", ErrInvalidConfig, c.MaxKeyLength, kv.MaxKeySize-len(valuePrefix))
	case int64(c.MaxValueBytes)+int64(c.MaxKeyLength) > c.MaxBytes/valuesInDisk:
		return fmt.Errorf("%w: MaxKeyLength and MaxValueBytes of %d are more than a %dth of MaxBytes",
			ErrInvalidConfig, c.MaxValueBytes, valuesInDisk)
	}
	return nil
}

// NewPersistentCache opens the cache in a directory, or makes one; the
// directory is made if only its last element is missing. One process at a time
// has it open: store.ErrLocked. A directory that is damaged is
// store.ErrCorrupt, and may be removed: it is a cache. Other errors are
// ErrInvalidConfig and those of kv.NewKVStore.
func NewPersistentCache(dir string, config PersistentConfig) (*PersistentCache, error) {
	config = config.withDefaults()
	if err := config.check(); err != nil {
		return nil, err
	}
	engine, err := kv.NewKVStore(kv.Options{
		DataDir: dir, Sync: kv.SyncNever, MaxBytes: config.MaxBytes, CompactRatio: diskCompactness,
		MaxValueSize: max(int64(config.MaxValueBytes), savedChunk), Logger: config.Logger, Now: config.Now,
	})
	if err != nil {
		return nil, fmt.Errorf("cache: %w", err)
	}
	c, err := newPersistentCache(engine, config)
	if err != nil {
		return nil, errors.Join(err, engine.Close())
	}
	return c, nil
}

func newPersistentCache(engine *kv.KVStore, config PersistentConfig) (*PersistentCache, error) {
	values, err := NewKVCache(engine.KV(), valuePrefix, KVConfig{
		DefaultTTL: config.DefaultTTL, MaxKeyLength: config.MaxKeyLength,
		MaxValueBytes: config.MaxValueBytes, RefreshAhead: config.RefreshAhead,
	})
	if err != nil {
		return nil, err
	}
	c := &PersistentCache{KVCache: values, engine: engine, config: config}
	values.policy = newPolicy(config.MaxBytes/100*inUsePercent, int64(values.weigh("", config.MaxValueBytes)), max(config.MaxBytes/2, leastDisk),
		values.config.MaxKeyLength, newClock(engine.Now))
	if err := c.warm(); err != nil {
		return nil, public(err)
	}
	c.policy.saver = newSaver(c.save)
	return c, nil
}

// Clear is Clearer.Clear. It costs a delete for each value.
func (c *PersistentCache) Clear(ctx context.Context) error {
	if err := errors.Join(ctx.Err(), c.open()); err != nil {
		return err
	}
	c.flights.overtakeAll()
	defer c.flights.overtakeAll() // those that have found what was still there
	defer c.policy.holdAll()()
	if _, err := c.engine.DeletePrefix(valuePrefix); err != nil {
		return public(err)
	}
	c.policy.forgetAll()
	return nil
}

// Stats returns what the cache holds and has done since it was opened. Bytes
// are those on the disk.
func (c *PersistentCache) Stats() Stats {
	s := c.KVCache.Stats()
	s.Entries = c.policy.keys.Stats().Entries
	s.Bytes, s.MaxBytes = c.engine.Stats().DiskBytes, c.config.MaxBytes
	return s
}

// Close saves what it knows of its values and lets go of the directory. Loads
// that are running have their context cancelled and are waited for.
func (c *PersistentCache) Close() error {
	c.closing.Do(func() {
		_ = c.KVCache.Close()
		c.policy.saver.stop()
		if err := c.engine.Close(); err != nil {
			c.err = fmt.Errorf("cache: %w", err)
		}
	})
	return c.err
}
