// Package store keeps the state of a single-node application in plain files
// of one directory: no server, no cgo.
//
// The module's packages, and when to choose which:
//
//   - kv is the engine: keys, values, deadlines, counters, and a stated
//     answer to what a crash may take. Sessions, keys, rate-limit counters.
//   - kv/ratelimit keeps in it how often each client may still do something,
//     and kv/dropin what other people's packages have an interface for.
//   - cache, idempotency and file are thin layers over kv for one purpose
//     each: values that may be evicted, operations that must run once, and
//     contents too big to hold as one value.
//   - db helps with database/sql and knows nothing of the others. It also
//     keeps a KV in a table of a server, for when one machine is not enough.
//
// This package holds what they share: the Repository interface, for code
// that wants typed values by id and does not care what keeps them
// (kv.NewRepository is the ready one), KV, which is all that the layers need
// of an engine, and the error kinds below. An error
// of any package in the module matches its kind with errors.Is, so a caller
// can choose a status code without importing the package that failed.
package store

import (
	"context"
	"errors"
	"iter"
)

// What a caller meets in daily use.
var (
	// ErrNotFound says that nothing lives under this key or id: it was
	// never there, was deleted, or has expired.
	ErrNotFound = errors.New("store: not found")
	// ErrInvalid says that an argument or option is outside its documented
	// range. Nothing was changed; trying again will not help.
	ErrInvalid = errors.New("store: invalid argument")
	// ErrConflict says that something is not, or is no more, what the caller
	// expected. Nothing was changed; look again and decide anew.
	ErrConflict = errors.New("store: not as expected")
)

// What the life of a store brings.
var (
	// ErrClosed says that the store was closed before or during the call.
	ErrClosed = errors.New("store: closed")
	// ErrReadOnly says that the store was opened for reading only.
	ErrReadOnly = errors.New("store: read-only")
	// ErrLocked says, at opening, that somebody else has the store open:
	// another process, or another part of this one.
	ErrLocked = errors.New("store: locked")
)

// What the disk brings. These want a person's attention.
var (
	// ErrNoSpace says that the device or quota is full and the write was
	// not done. The store stays usable; deletes still work.
	ErrNoSpace = errors.New("store: no space left")
	// ErrCorrupt says that stored bytes are not what was once written.
	// They are never returned as a value.
	ErrCorrupt = errors.New("store: corrupt")
)

// Repository keeps values of one type under string ids.
//
// An id is any non-empty string; the empty one is ErrInvalid, and an
// implementation may bound the length. Values go in and come out as copies:
// changing one in the caller's hands changes nothing that is kept. A context
// that is done before the call stops it and its error is returned; a write
// that has begun is finished. All methods are safe for concurrent use.
type Repository[T any] interface {
	// Get returns the value under id, or ErrNotFound.
	Get(ctx context.Context, id string) (T, error)
	// Put keeps v under id, in the place of any value before it.
	Put(ctx context.Context, id string, v T) error
	// Delete removes what is under id. A missing id is no error.
	Delete(ctx context.Context, id string) error
	// List yields every entity in ascending byte order of ids. The loop may
	// use the repository; whether it then sees its own changes is open.
	//
	// An error beside an ID concerns that entity alone, and the listing
	// goes on if the loop does. An error without an ID, such as that of
	// the context, is the last thing yielded.
	List(ctx context.Context) iter.Seq2[Entity[T], error]
}

// Entity is a value and the id it is kept under.
type Entity[T any] struct {
	ID    string
	Value T
}
