package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/spcent/plumego/store"
)

// KV is a store.KV in a table of an SQL database, for when one machine is no
// longer enough: what stands on store.KV runs on it unchanged, in any number
// of processes at once.
//
// A key is one row: key, value, version, deadline. Rows that have expired are
// not seen by any statement, and are deleted in batches behind.
//
// Deadlines are judged by the database's clock, the one that all processes
// share. It should not run backwards: a key that had expired would be seen
// again until it is deleted.
//
// A version is the count of a lane, one of 16 that share the keys by hash. A
// lane's row in a second table is locked by whoever commits, so that the
// commits of a key follow each other and its versions grow, also after it was
// deleted; those of different lanes are in nobody's way.
//
// A Commit is one transaction. Until it is asked for, the context can end it;
// then it is waited for, and if the connection fails meanwhile, the error is
// ErrCommitUnknown. What the database undoes because of another transaction is
// tried again, a few seconds at most. What it may lose in a crash is as it is
// configured: its own durability is the KV's.
//
// Scan reads in pages and holds no connection while the loop is in the
// caller's hands. Each page is of one moment.
type KV struct {
	db      *sql.DB
	dialect Dialect
	say     statements
	clock   func() time.Time // nil: the server's

	reaper reaper

	mu   sync.RWMutex // held for reading by every call, and protects over
	over bool

	heard lastHeard
}

// Bounds of what is kept. They are the same in every dialect, so that data can
// move: a key must fit an index of PostgreSQL, and a value, with all that goes
// with it, a packet of MariaDB.
const (
	MaxKeySize   = 2048     // bytes
	MaxValueSize = 15 << 20 // bytes
)

// What a KV brings. Each is of one of the store's kinds.
var (
	ErrKeyNotFound   error = sentinel{"db: key not found", store.ErrNotFound}
	ErrInvalidKey    error = sentinel{"db: a key has 1 to 2048 bytes", store.ErrInvalid}
	ErrSameKey       error = sentinel{"db: two changes of one key", store.ErrInvalid}
	ErrValueTooLarge error = sentinel{"db: a value has at most 15 MiB", store.ErrInvalid}
	ErrConflict      error = sentinel{"db: not as expected", store.ErrConflict}
	ErrClosed        error = sentinel{"db: the KV is closed", store.ErrClosed}
	// ErrNoSchema says that CreateSchema was not called.
	ErrNoSchema = errors.New("db: the table of lanes is not complete")
)

// KVOptions are what NewKV chooses.
type KVOptions struct {
	// Table is the name of the table, an identifier; that of lanes has _lanes
	// behind it. "" is store_kv.
	Table string
	// ReapInterval is how often rows that have expired are deleted. 0 is a
	// minute; below 0: only by Reap.
	ReapInterval time.Duration
	// Now judges deadlines in place of the database's clock. All processes
	// must then agree. Meant for tests.
	Now func() time.Time
}

// NewKV returns a KV in the table store_kv of a database. Where the tables are
// missing, CreateSchema makes them.
//
// Closing the KV does not close sqlDB, which stays the caller's.
func NewKV(sqlDB *sql.DB, d Dialect) (*KV, error) { return NewKVWithOptions(sqlDB, d, KVOptions{}) }

// NewKVWithOptions is NewKV with other choices. The error is an
// ErrInvalidConfig.
func NewKVWithOptions(sqlDB *sql.DB, d Dialect, opts KVOptions) (*KV, error) {
	if opts.Table == "" {
		opts.Table = "store_kv"
	}
	if opts.ReapInterval == 0 {
		opts.ReapInterval = time.Minute
	}
	say, known := d.statements()
	switch {
	case sqlDB == nil:
		return nil, fmt.Errorf("%w: no database", ErrInvalidConfig)
	case !known:
		return nil, fmt.Errorf("%w: no such dialect", ErrInvalidConfig)
	case !isIdentifier(opts.Table):
		return nil, fmt.Errorf("%w: Table is letters, digits and underscores", ErrInvalidConfig)
	}
	k := &KV{db: sqlDB, dialect: d, say: say.of(opts.Table), clock: opts.Now}
	k.reaper.start(k, opts.ReapInterval)
	return k, nil
}

// CreateSchema makes what is missing of the tables. It may be called at every
// start, by several processes at once; it needs the right to create tables.
func (k *KV) CreateSchema(ctx context.Context) error {
	if err := k.begin(ctx); err != nil {
		return err
	}
	defer k.mu.RUnlock()
	for _, statement := range k.say.schema {
		err := k.patience().retry(ctx, func() error {
			_, err := ExecContext(ctx, k.db, k.write(statement))
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Get returns what is under key, or ErrKeyNotFound.
func (k *KV) Get(ctx context.Context, key string) (store.Item, error) {
	if err := checkKey(key); err != nil {
		return store.Item{}, err
	}
	if err := k.begin(ctx); err != nil {
		return store.Item{}, err
	}
	defer k.mu.RUnlock()
	r, err := One[row](ctx, k.db, k.write(k.say.get), []byte(key))
	if errors.Is(err, ErrNoRows) {
		return store.Item{}, ErrKeyNotFound
	}
	if err != nil {
		return store.Item{}, err
	}
	return r.item(), nil
}

// Close waits for calls that have begun and for the goroutine that reaps.
// Later calls are ErrClosed. It always returns nil.
func (k *KV) Close() error {
	k.reaper.cancel()
	k.mu.Lock()
	k.over = true
	k.mu.Unlock()
	k.reaper.work.Wait()
	return nil
}

// begin admits a call, which ends with mu.RUnlock, if the context and the KV
// allow it.
func (k *KV) begin(ctx context.Context) error {
	if err := ended(ctx); err != nil {
		return err
	}
	k.mu.RLock()
	if k.over {
		k.mu.RUnlock()
		return ErrClosed
	}
	return nil
}

func checkKey(key string) error {
	if len(key) == 0 || len(key) > MaxKeySize {
		return ErrInvalidKey
	}
	return nil
}

// row is a row of the table.
type row struct {
	K, V     []byte
	Version  int64
	Deadline int64 // Unix milliseconds, or never
}

// never is the deadline of what has none, so that one comparison tells.
const never = math.MaxInt64

func (r row) item() store.Item {
	item := store.Item{Key: string(r.K), Value: r.V, Version: uint64(r.Version)}
	if item.Value == nil {
		item.Value = []byte{}
	}
	if r.Deadline != never {
		item.Deadline = time.UnixMilli(r.Deadline)
	}
	return item
}

// millis returns a deadline as it is kept, rounded up.
func millis(deadline time.Time) int64 {
	switch {
	case deadline.IsZero():
		return never
	case deadline.Unix() >= never/1000: // further than milliseconds can tell
		return never - 1
	case deadline.Unix() <= -never/1000:
		return math.MinInt64
	}
	ms := deadline.UnixMilli()
	if deadline.After(time.UnixMilli(ms)) {
		ms++
	}
	return ms
}
