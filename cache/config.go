package cache

import (
	"fmt"
	"time"
)

// Bounds of a configuration and the values behind its zeros.
const (
	// DefaultMaxBytes stands for a Config.MaxBytes of 0.
	DefaultMaxBytes = 64 << 20
	// MinMaxBytes is the least Config.MaxBytes.
	MinMaxBytes = 64 << 10
	// DefaultMaxKeyLength stands for a Config.MaxKeyLength of 0.
	DefaultMaxKeyLength = 256
	// MaxMaxKeyLength is the greatest Config.MaxKeyLength.
	MaxMaxKeyLength = 65535
	// defaultValueShare is what part of MaxBytes a value may have by
	// default, if that is more than leastDefaultValue.
	defaultValueShare = 64
	leastDefaultValue = 8 << 10 // bytes
)

// Config says how large a cache may be and what it does. The zero value of a
// field is its default.
type Config struct {
	// MaxBytes bounds the memory that the cache holds, all told: keys,
	// values, their headers, the index, and what it remembers of evicted
	// keys. It is never exceeded. 0 is 64 MiB, the least is 64 KiB. Memory is
	// taken as it is needed and kept until Close.
	MaxBytes int64
	// MaxEntries bounds the number of entries as well. 0: no such bound.
	MaxEntries int64
	// DefaultTTL is what a ttl of 0 means. 0 or NoExpiration: for ever.
	DefaultTTL time.Duration
	// MaxKeyLength is the greatest length of a key in bytes. 0 is 256.
	MaxKeyLength int
	// MaxValueBytes is the greatest length of a value. 0 is a 64th of
	// MaxBytes, or 8 KiB if that is more. Key and value may have about a
	// quarter of MaxBytes. The cache is divided into parts with a lock each,
	// of which one has at least the bytes of four such values, unless it has 2
	// GiB: a bound far above what values have makes fewer parts.
	MaxValueBytes int
	// NegativeTTL is how long GetOrLoad remembers that there is nothing to
	// load, which a LoadFunc says by an error that matches store.ErrNotFound.
	// 0: not at all.
	NegativeTTL time.Duration
	// RefreshAhead makes GetOrLoad load a value anew, once, behind a call
	// that gets it and finds that it has at most so long to live; callers get
	// the old one meanwhile. 0: never.
	RefreshAhead time.Duration
	// OnEvict, if it is set, is told of every value that has left the cache
	// and why. It is called without any lock, before the call returns that
	// made the value leave, by the goroutine of that call, or by the one that
	// loads if it was GetOrLoad. It may use the cache, but not close it. The
	// value is the callee's.
	OnEvict func(key string, value []byte, why Reason)
	// Now is the clock, for tests and replays; nil is the system's. It must
	// be fast, must not use the cache, and must not be before 1970. Set back,
	// it stands still.
	Now func() time.Time
}

// DefaultConfig returns a configuration of 64 MiB without a default ttl, with
// every default filled in.
func DefaultConfig() Config {
	return Config{}.withDefaults()
}

func (c Config) withDefaults() Config {
	if c.MaxBytes == 0 {
		c.MaxBytes = DefaultMaxBytes
	}
	if c.MaxKeyLength == 0 {
		c.MaxKeyLength = DefaultMaxKeyLength
	}
	if c.MaxValueBytes == 0 {
		c.MaxValueBytes = int(min(max(c.MaxBytes/defaultValueShare, leastDefaultValue), maxValue))
	}
	return c
}

// maxValue keeps the length of a record within an int of 32 bits.
const maxValue = 1 << 29

func (c Config) check() error {
	switch {
	case c.MaxBytes < MinMaxBytes:
		return fmt.Errorf("%w: MaxBytes is %d, the least is %d", ErrInvalidConfig, c.MaxBytes, MinMaxBytes)
	case c.MaxEntries < 0:
		return fmt.Errorf("%w: MaxEntries is %d", ErrInvalidConfig, c.MaxEntries)
	case c.DefaultTTL < 0 && c.DefaultTTL != NoExpiration:
		return fmt.Errorf("%w: DefaultTTL is %v", ErrInvalidConfig, c.DefaultTTL)
	case c.NegativeTTL < 0 || c.RefreshAhead < 0:
		return fmt.Errorf("%w: NegativeTTL is %v, RefreshAhead %v", ErrInvalidConfig, c.NegativeTTL, c.RefreshAhead)
	case c.MaxKeyLength < 1 || c.MaxKeyLength > MaxMaxKeyLength:
		return fmt.Errorf("%w: MaxKeyLength is %d", ErrInvalidConfig, c.MaxKeyLength)
	case c.MaxValueBytes < 0 || c.MaxValueBytes > maxValue:
		return fmt.Errorf("%w: MaxValueBytes is %d", ErrInvalidConfig, c.MaxValueBytes)
	case c.partSize(1) < c.leastPart():
		return fmt.Errorf("%w: MaxBytes of %d is less than four entries of MaxKeyLength %d and MaxValueBytes %d",
			ErrInvalidConfig, c.MaxBytes, c.MaxKeyLength, c.MaxValueBytes)
	}
	return nil
}

// Bounds of the parts that a cache is divided into. What is evicted is chosen
// within a part, and parts are never equally full, so they are not small.
const (
	leastPartBytes   = 1 << 20
	leastPartEntries = 4096
	mostPartBytes    = 2 << 30 // positions have 32 bits
	mostParts        = 64      // but for mostPartBytes
	leastPartValues  = 4       // of the greatest
)

// parts returns into how many shards the cache is divided: a power of two.
func (c Config) parts() int {
	n := int64(1)
	for c.partSize(n) > mostPartBytes || n < mostParts &&
		c.partSize(2*n) >= max(leastPartBytes, leastPartValues*int64(c.MaxValueBytes)) &&
		(c.MaxEntries == 0 || c.MaxEntries/(2*n) >= leastPartEntries) {
		n *= 2
	}
	return int(n)
}

func (c Config) partSize(parts int64) int64 { return c.MaxBytes / parts }

// leastPart returns how many bytes a shard needs for the largest records.
func (c Config) leastPart() int64 {
	return leastPartValues * int64(maxHeader+c.MaxKeyLength+c.MaxValueBytes)
}
