package idempotency

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spcent/plumego/store"
)

// KVStore keeps records in an engine, each under prefix + key. It is a
// Claimer. All methods are safe for concurrent use, and several may stand on
// one engine, in several processes if the engine allows it.
type KVStore struct {
	kv          store.KV
	prefix      string
	now         func() time.Time
	retention   time.Duration
	maxResponse int
	watches     *watches
}

// What a KVStore does unless told otherwise.
const (
	DefaultRetention   = 24 * time.Hour
	DefaultMaxResponse = 1 << 20
)

// StoreOption changes a KVStore.
type StoreOption func(*KVStore)

// WithClock has leases judged by now instead of by the engine's own time. It
// must be safe for concurrent use. Processes that share an engine should share
// its time: one whose clock is ahead takes over what is not over yet.
func WithClock(now func() time.Time) StoreOption { return func(s *KVStore) { s.now = now } }

// WithRetention has Set keep records without a Retention and an ExpiresAt for
// d; DefaultRetention otherwise.
func WithRetention(d time.Duration) StoreOption { return func(s *KVStore) { s.retention = d } }

// WithMaxResponse bounds a response, in bytes, up to 1 GiB; DefaultMaxResponse
// otherwise. The engine may have a bound of its own.
func WithMaxResponse(n int) StoreOption { return func(s *KVStore) { s.maxResponse = n } }

// NewKVStore returns a store on an engine. The prefix is a word and one colon,
// the only one in it, such as "payments:", so that no two of this form share a
// key. The store holds nothing of its own: closing the engine is all the
// closing there is.
//
// It needs to know the time. An engine that is a store.Clock tells it, as that
// of package kv does; for any other WithClock is required.
//
// ErrInvalid says what is wrong with the arguments.
func NewKVStore(kv store.KV, prefix string, options ...StoreOption) (*KVStore, error) {
	s := &KVStore{
		kv:          kv,
		prefix:      prefix,
		retention:   DefaultRetention,
		maxResponse: DefaultMaxResponse,
		watches:     newWatches(),
	}
	if clock, ok := kv.(store.Clock); ok {
		s.now = clock.Now
	}
	for _, option := range options {
		option(s)
	}
	return s, s.validate()
}

func (s *KVStore) validate() error {
	switch {
	case len(s.prefix) < 2 || strings.IndexByte(s.prefix, ':') != len(s.prefix)-1:
		return fmt.Errorf("%w: a prefix is a word and one colon", ErrInvalid)
	case s.now == nil:
		return fmt.Errorf("%w: the engine does not tell the time, and there is no clock", ErrInvalid)
	case s.maxResponse < 0 || s.maxResponse > 1<<30:
		return fmt.Errorf("%w: a largest response is between 0 and 1 GiB", ErrInvalid)
	}
	return validateDuration("retention", s.retention)
}

// Get returns the record under key, or ErrNotFound. It costs one read. Other
// errors are ErrInvalidKey, ErrCorrupt and those of the engine.
func (s *KVStore) Get(ctx context.Context, key string) (Record, error) {
	e, err := s.look(ctx, key)
	if err == nil && !e.exists() {
		err = ErrNotFound
	}
	return e.record, err
}

// Set puts r under key. Key, Token and, where they are zero, CreatedAt,
// CompletedAt and Retention are filled in; ExpiresAt, if it is not zero, is
// when the record goes, and one that has come means at once. It costs one
// write. Errors are ErrInvalidKey, ErrInvalid, ErrTooLarge and those of the
// engine.
func (s *KVStore) Set(ctx context.Context, key string, r Record) error {
	if err := errors.Join(ValidateKey(key), ValidateRecord(r), s.checkSize(r.Response)); err != nil {
		return err
	}
	if r.Key != "" && r.Key != key {
		return fmt.Errorf("%w: the record is of another key", ErrInvalid)
	}
	now := s.now()
	r.Key, r.Token = key, 0
	if r.Retention == 0 {
		r.Retention = s.retention
	}
	if r.CreatedAt.IsZero() {
		r.CreatedAt = now
	}
	if r.CompletedAt.IsZero() && r.Status.final() {
		r.CompletedAt = now
	}
	if r.ExpiresAt.IsZero() {
		r.ExpiresAt = later(now, r.LeaseUntil).Add(r.Retention)
	}
	_, err := s.write(ctx, entry{record: r})
	if err == nil {
		s.watches.wake(key)
	}
	return err
}

func (s *KVStore) checkSize(response []byte) error {
	if len(response) > s.maxResponse {
		return ErrTooLarge
	}
	return nil
}

// later returns the later of two times.
func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// entry is a record and the version of the value it is, or shall replace.
type entry struct {
	record  Record
	version uint64 // store.Absent if there is none
}

func (e entry) exists() bool { return e.version != store.Absent }

// look returns what is under key.
func (s *KVStore) look(ctx context.Context, key string) (entry, error) {
	if err := ValidateKey(key); err != nil {
		return entry{}, err
	}
	item, err := s.kv.Get(ctx, s.prefix+key)
	if errors.Is(err, store.ErrNotFound) {
		return entry{version: store.Absent}, nil
	}
	if err != nil {
		return entry{}, err
	}
	r, err := decode(item.Value)
	if err != nil {
		return entry{}, err
	}
	r.Key, r.ExpiresAt = key, item.Deadline
	if r.Token == 0 {
		r.Token = item.Version
	}
	return entry{r, item.Version}, nil
}

// change is the write that puts e's record where e's version is.
func (s *KVStore) change(e entry) store.Change {
	return store.Change{
		Key:      s.prefix + e.record.Key,
		Value:    encode(e.record),
		Deadline: e.record.ExpiresAt,
		If:       e.version,
	}
}

// write puts e's record where e's version is. It returns the new version,
// which is 0 if the record's time was over at once, and store.ErrConflict if
// another was faster.
func (s *KVStore) write(ctx context.Context, e entry) (uint64, error) {
	versions, err := s.kv.Commit(ctx, s.change(e))
	if err != nil {
		return 0, err
	}
	return versions[0], nil
}
