package main

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/VictoriaMetrics/fastcache"
	"github.com/Yiling-J/theine-go"
	"github.com/allegro/bigcache/v3"
	"github.com/coocood/freecache"
	"github.com/dgraph-io/ristretto/v2"
	"github.com/maypok86/otter/v2"

	"github.com/spcent/plumego/store/cache"
)

// subject is a cache that is measured. Values are copied out.
type subject interface {
	get(dst []byte, key string) ([]byte, bool)
	set(key string, value []byte)
	close()
}

// bounds says how large a subject may be: by entries, or else by bytes.
type bounds struct {
	entries int
	bytes   int
}

// kind makes subjects of one sort.
type kind struct {
	name string
	// pointers says that it keeps a pointer for each entry.
	pointers bool
	// entries says that it can be bounded by entries.
	entries bool
	open    func(b bounds) (subject, error)
}

// kinds returns those that were asked for.
func (c config) kinds() []kind {
	asked := strings.Split(c.subjects, ",")
	return slices.DeleteFunc(kinds(), func(k kind) bool {
		return c.subjects != "" && !slices.Contains(asked, k.name)
	})
}

// kinds returns all, this module's first.
func kinds() []kind {
	return []kind{
		{"store/cache", false, true, openOurs},
		{"otter", true, true, openOtter},
		{"ristretto", true, true, openRistretto},
		{"theine", true, true, openTheine},
		{"freecache", false, false, openFreecache},
		{"bigcache", false, false, openBigcache},
		{"fastcache", false, false, openFastcache},
		{"LRU", true, true, openLRU},
	}
}

type ours struct {
	*cache.MemoryCache
	ctx context.Context
}

func openOurs(b bounds) (subject, error) {
	config := cache.Config{MaxBytes: int64(b.bytes), MaxEntries: int64(b.entries)}
	if b.entries > 0 { // one part, as small caches by bytes are
		config.MaxBytes, config.MaxValueBytes = 64<<20, 15<<20
	}
	c, err := cache.NewMemoryCacheWithConfig(config)
	return ours{c, context.Background()}, err
}

func (c ours) get(dst []byte, key string) ([]byte, bool) {
	dst, err := c.AppendGet(c.ctx, dst, key)
	return dst, err == nil
}
func (c ours) set(key string, value []byte) { _ = c.Set(c.ctx, key, value, 0) }
func (c ours) close()                       { _ = c.Close() }

type otterCache struct{ *otter.Cache[string, []byte] }

func openOtter(b bounds) (subject, error) {
	options := &otter.Options[string, []byte]{MaximumSize: b.entries}
	if b.entries == 0 {
		options.MaximumWeight = uint64(b.bytes)
		options.Weigher = func(key string, value []byte) uint32 { return uint32(len(key) + len(value)) }
	}
	c, err := otter.New(options)
	return otterCache{c}, err
}

func (c otterCache) get(dst []byte, key string) ([]byte, bool) {
	value, ok := c.GetIfPresent(key)
	return append(dst, value...), ok
}
func (c otterCache) set(key string, value []byte) { c.Set(key, clone(value)) }
func (c otterCache) close()                       { c.StopAllGoroutines() }

type ristrettoCache struct {
	*ristretto.Cache[string, []byte]
	byEntries bool
}

func openRistretto(b bounds) (subject, error) {
	config := &ristretto.Config[string, []byte]{
		NumCounters: int64(10 * b.entries), MaxCost: int64(b.entries), BufferItems: 64, IgnoreInternalCost: true,
	}
	if b.entries == 0 {
		config.NumCounters, config.MaxCost = int64(b.bytes/100), int64(b.bytes)
	}
	c, err := ristretto.NewCache(config)
	return ristrettoCache{c, b.entries > 0}, err
}

func (c ristrettoCache) get(dst []byte, key string) ([]byte, bool) {
	value, ok := c.Get(key)
	return append(dst, value...), ok
}
func (c ristrettoCache) set(key string, value []byte) {
	cost := int64(1)
	if !c.byEntries {
		cost = int64(len(key) + len(value))
	}
	c.Set(key, clone(value), cost)
}

// settle waits until what was set can be got.
func (c ristrettoCache) settle() { c.Wait() }
func (c ristrettoCache) close()  { c.Close() }

type theineCache struct {
	*theine.Cache[string, []byte]
	byEntries bool
}

func openTheine(b bounds) (subject, error) {
	size := b.entries
	if size == 0 {
		size = b.bytes
	}
	c, err := theine.NewBuilder[string, []byte](int64(size)).Build()
	return theineCache{c, b.entries > 0}, err
}

func (c theineCache) get(dst []byte, key string) ([]byte, bool) {
	value, ok := c.Get(key)
	return append(dst, value...), ok
}
func (c theineCache) set(key string, value []byte) {
	cost := int64(1)
	if !c.byEntries {
		cost = int64(len(key) + len(value))
	}
	c.Set(key, clone(value), cost)
}
func (c theineCache) close() { c.Close() }

type freeCache struct{ *freecache.Cache }

func openFreecache(b bounds) (subject, error) { return freeCache{freecache.NewCache(b.bytes)}, nil }

func (c freeCache) get(dst []byte, key string) ([]byte, bool) {
	found := false
	err := c.GetFn([]byte(key), func(value []byte) error {
		dst, found = append(dst, value...), true
		return nil
	})
	return dst, found && err == nil
}
func (c freeCache) set(key string, value []byte) { _ = c.Set([]byte(key), value, 0) }
func (c freeCache) close()                       {}

type bigCache struct{ *bigcache.BigCache }

func openBigcache(b bounds) (subject, error) {
	c, err := bigcache.New(context.Background(), bigcache.Config{
		Shards: 16, LifeWindow: 24 * time.Hour, MaxEntriesInWindow: 1000, MaxEntrySize: 500, HardMaxCacheSize: b.bytes >> 20,
	})
	return bigCache{c}, err
}

func (c bigCache) get(dst []byte, key string) ([]byte, bool) {
	value, err := c.Get(key) // a copy already
	return value, err == nil
}
func (c bigCache) set(key string, value []byte) { _ = c.Set(key, value) }
func (c bigCache) close()                       { _ = c.Close() }

type fastCache struct{ *fastcache.Cache }

func openFastcache(b bounds) (subject, error) { return fastCache{fastcache.New(b.bytes)}, nil }

func (c fastCache) get(dst []byte, key string) ([]byte, bool) { return c.HasGet(dst, []byte(key)) }
func (c fastCache) set(key string, value []byte)              { c.Set([]byte(key), value) }
func (c fastCache) close()                                    { c.Reset() }

func clone(b []byte) []byte { return append([]byte{}, b...) }
