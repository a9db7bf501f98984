package kv

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/spcent/plumego/store/internal/keydir"
	"github.com/spcent/plumego/store/internal/record"
	"github.com/spcent/plumego/store/internal/vfs"
)

// SyncPolicy says what a write's nil error means.
type SyncPolicy int

// The three policies. In every one an acknowledged write survives the death
// of the process; they differ in what a power cut may take.
const (
	// SyncAlways, the zero value: the write is on stable storage.
	// Concurrent writers share one fsync; no timer is involved.
	SyncAlways SyncPolicy = iota
	// SyncInterval: the write is with the operating system, and on stable
	// storage at most Options.SyncEvery plus one fsync later.
	SyncInterval
	// SyncNever: the write is with the operating system; it is on stable
	// storage after Sync or Close, or some time after its segment is full
	// and at the latest when the next one is.
	SyncNever
)

// Options says where a store lives and how it behaves. The zero value of
// each field is the safe choice. NewKVStore copies it.
type Options struct {
	// DataDir is the store's directory. It is made, mode 0700, if only its
	// last element is missing. Required unless InMemory.
	DataDir string
	// InMemory keeps the store on the heap: no directory, nothing survives
	// Close.
	InMemory bool
	// ReadOnly opens an existing store and writes nothing. It takes no lock:
	// the store may be open for writing meanwhile, here or in another
	// process, or be opened, and neither hinders the other.
	//
	// What it shows is the store as of the open: a prefix of the order of
	// writes, with every write that was acknowledged before NewKVStore was
	// called, and perhaps some that have not returned yet or are not on stable
	// storage. It does not move, but that keys expire; to see newer writes,
	// open again. While it is open the disk keeps the files that it reads,
	// also those that the writer has compacted.
	//
	// Recovery.Clean is false beside a writer that has written, and DurableSeq
	// says nothing. A store that changes whenever it is looked at, a hundred
	// times, is ErrLocked.
	ReadOnly bool

	// Sync is the policy of the handle that NewKVStore returns; WithSync
	// gives others.
	Sync SyncPolicy
	// SyncEvery bounds the age of unsynced writes under SyncInterval.
	// Default 1s.
	SyncEvery time.Duration

	// SegmentSize is the length in bytes at which a segment is sealed.
	// Default 64 MiB; between 1 KiB and 4 GiB. A value larger than that
	// gets a segment of its own.
	SegmentSize int64
	// MaxValueSize bounds a value, in bytes. Default 64 MiB; at most 1 GiB.
	MaxValueSize int64

	// MaxBytes, if not 0, is a hard bound of Stats.DiskBytes, also InMemory:
	// the log stays below it, but for deletes, which always work, and what
	// open snapshots keep. A write that would bring the live records above
	// MaxBytes*(1-CompactRatio) is ErrFull, unless it replaces as much; any
	// other waits, if it must, for compaction to make room. At least 64 KiB.
	// Segments are at most a sixteenth of it then, and a value that is longer
	// may be ErrFull before that. With CompactInterval below 0 nothing waits,
	// and it takes Compact to make room.
	MaxBytes int64

	// SweepInterval is the shortest time between two sweeps for expired
	// keys. Default 1s; negative: never sweep. Expired keys are absent for
	// readers either way; the sweep only frees their memory.
	SweepInterval time.Duration

	// CompactRatio bounds the share of the store's bytes on disk that nobody
	// needs, between 0 and 1, exclusive. Default 0.5: the store takes at most
	// twice the bytes of its live records, or eight small segments (of 4 MiB,
	// or SegmentSize if that is less) if that is more, and what open
	// snapshots hold. At the bound writers wait, briefly, for the compaction.
	// A smaller ratio means less disk and more copying.
	CompactRatio float64
	// CompactInterval is how long a store that is far from its bound is left
	// in peace before segments with more than CompactRatio of useless bytes
	// are compacted. Default 1m; negative: never compact, without any bound,
	// but by Compact.
	CompactInterval time.Duration

	// Logger receives what recovery did and background failures, never a
	// key or a value. Default: discards.
	Logger *slog.Logger
	// Now replaces the system's clock, for tests and replays. It must be safe
	// for concurrent use: the store's goroutines call it too. The store's
	// time never runs backwards, whatever it returns. The sweeper, which
	// only frees memory, also follows the system's.
	Now func() time.Time

	// fs replaces the operating system in this package's tests.
	fs vfs.FS
	// later, in this package's tests, is given what else would run beside
	// the writers, to run it when it likes.
	later func(func())
	// secret, in this package's tests, is the key of the index's hash.
	secret keydir.Secret
	// pause, in this package's tests, is called between the steps of a
	// compaction.
	pause func(step string)
	// reads, in this package's tests, is called before a scan reads values,
	// when Close must wait for it.
	reads func()
}

// Bounds of the options and the defaults behind their zero values.
const (
	// MaxKeySize is the greatest length of a key in bytes; the least is 1.
	MaxKeySize = record.MaxKey

	minSegmentSize = 1 << 10
	minMaxBytes    = 64 << 10
	boundShare     = 16 // of MaxBytes that a segment has at most
	maxSegmentSize = 4 << 30
	maxMaxValue    = record.MaxValue

	defaultSegmentSize   = 64 << 20
	defaultMaxValue      = 64 << 20
	defaultSyncEvery     = time.Second
	defaultSweepInterval = time.Second

	defaultCompactRatio    = 0.5
	defaultCompactInterval = time.Minute
)

// withDefaults returns a checked copy with every default filled in.
func (o Options) withDefaults() (Options, error) {
	if o.DataDir == "" && !o.InMemory {
		return o, fmt.Errorf("%w: DataDir is empty", ErrInvalidOptions)
	}
	if o.InMemory && (o.DataDir != "" || o.ReadOnly) {
		return o, fmt.Errorf("%w: InMemory excludes DataDir and ReadOnly", ErrInvalidOptions)
	}
	if o.Sync < SyncAlways || o.Sync > SyncNever {
		return o, fmt.Errorf("%w: unknown SyncPolicy %d", ErrInvalidOptions, o.Sync)
	}
	if err := fill(&o.SegmentSize, defaultSegmentSize, minSegmentSize, maxSegmentSize, "SegmentSize"); err != nil {
		return o, err
	}
	if o.MaxBytes != 0 {
		if err := fill(&o.MaxBytes, 0, minMaxBytes, 1<<62, "MaxBytes"); err != nil {
			return o, err
		}
		o.SegmentSize = min(o.SegmentSize, o.MaxBytes/boundShare)
	}
	if err := fill(&o.MaxValueSize, defaultMaxValue, 1, maxMaxValue, "MaxValueSize"); err != nil {
		return o, err
	}
	if err := fill(&o.SyncEvery, defaultSyncEvery, 1, 1<<62, "SyncEvery"); err != nil {
		return o, err
	}
	if o.SweepInterval == 0 {
		o.SweepInterval = defaultSweepInterval
	}
	if o.CompactInterval == 0 {
		o.CompactInterval = defaultCompactInterval
	}
	if o.CompactRatio == 0 {
		o.CompactRatio = defaultCompactRatio
	}
	if !(o.CompactRatio > 0 && o.CompactRatio < 1) {
		return o, fmt.Errorf("%w: CompactRatio must be between 0 and 1", ErrInvalidOptions)
	}
	if o.secret == (keydir.Secret{}) {
		o.secret = keydir.NewSecret()
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o, nil
}

// fill replaces a zero by its default and checks the bounds of the rest.
func fill[T ~int64](v *T, def, least, greatest T, name string) error {
	if *v == 0 {
		*v = def
		return nil
	}
	if *v < least || *v > greatest {
		return fmt.Errorf("%w: %s must be between %d and %d", ErrInvalidOptions, name, least, greatest)
	}
	return nil
}
