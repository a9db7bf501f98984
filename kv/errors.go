package kv

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/spcent/plumego/store"
	"github.com/spcent/plumego/store/internal/keydir"
	"github.com/spcent/plumego/store/internal/seglog"
	"github.com/spcent/plumego/store/internal/segment"
	"github.com/spcent/plumego/store/internal/vfs"
)

// What a read may say.
var (
	// ErrKeyNotFound says that the key has no value.
	ErrKeyNotFound error = sentinel{"kv: key not found", store.ErrNotFound}
	// ErrKeyExpired says that the key's deadline has passed and that the
	// sweeper has not come by yet. It matches ErrKeyNotFound, so that one
	// test is enough.
	ErrKeyExpired error = sentinel{"kv: key has expired", ErrKeyNotFound}
)

// What an argument may be.
var (
	// ErrInvalidKey says that a key is empty or longer than MaxKeySize.
	ErrInvalidKey error = sentinel{"kv: key must have 1 to 65535 bytes", store.ErrInvalid}
	// ErrInvalidTTL says that a ttl is negative.
	ErrInvalidTTL error = sentinel{"kv: ttl is negative", store.ErrInvalid}
	// ErrInvalidOptions says that an option is out of bounds, or that two
	// exclude each other.
	ErrInvalidOptions error = sentinel{"kv: invalid options", store.ErrInvalid}
	// ErrValueTooLarge says that a value exceeds Options.MaxValueSize.
	ErrValueTooLarge error = sentinel{"kv: value is too large", store.ErrInvalid}
	// ErrTxTooLarge says that a transaction would write more than one commit
	// may: see Tx.Set.
	ErrTxTooLarge error = sentinel{"kv: transaction writes too much", store.ErrInvalid}
	// ErrNotInteger says that Incr met a value that is not the decimal text
	// of an int64.
	ErrNotInteger error = sentinel{"kv: value is not an integer", store.ErrInvalid}
	// ErrOverflow says that a counter would leave the range of an int64.
	ErrOverflow error = sentinel{"kv: counter would overflow", store.ErrInvalid}
)

// ErrConflict says that a key has another version than a user of store.KV
// expected, or that a transaction was overtaken by other writes again and
// again: see Update.
var ErrConflict error = sentinel{"kv: not as expected", store.ErrConflict}

// What opening and the life of a store may bring.
var (
	// ErrStoreClosed says that the store was closed.
	ErrStoreClosed error = sentinel{"kv: store is closed", store.ErrClosed}
	// ErrSnapshotClosed says that the snapshot was closed.
	ErrSnapshotClosed error = sentinel{"kv: snapshot is closed", store.ErrClosed}
	// ErrTxDone says that a transaction was used after its Update.
	ErrTxDone error = sentinel{"kv: transaction is over", store.ErrClosed}
	// ErrOpenSnapshots says that the store was closed, whole and durable,
	// while snapshots were open that nobody can use any more. The error is
	// an *OpenSnapshotsError.
	ErrOpenSnapshots = errors.New("kv: snapshots were open")
	// ErrReadOnly says that the store was opened with Options.ReadOnly.
	ErrReadOnly error = sentinel{"kv: store is read-only", store.ErrReadOnly}
	// ErrLocked says that the directory is open for writing, here or in another
	// process.
	ErrLocked error = sentinel{"kv: store is open elsewhere", store.ErrLocked}
	// ErrNotAStore says that the path names something that is no store.
	ErrNotAStore error = sentinel{"kv: not a store", store.ErrInvalid}
	// ErrUnsupportedVersion says that a newer version of this library wrote
	// the store. Nothing was changed.
	ErrUnsupportedVersion error = sentinel{"kv: format version is not supported", store.ErrInvalid}
)

// What a disk may do.
var (
	// ErrNoSpace says that the device is full, and compaction, if it is not
	// switched off, has nothing to give back. Nothing was changed; reads
	// and deletes still work, and writes do again when there is space.
	ErrNoSpace error = sentinel{"kv: no space left", store.ErrNoSpace}
	// ErrFull says that a write would exceed Options.MaxBytes, or that the
	// index has no room for the key. Nothing was changed; deletes make room.
	ErrFull error = sentinel{"kv: store is full", store.ErrNoSpace}
	// ErrCorrupt says that stored bytes are not those that were written.
	// The error is a *CorruptError.
	ErrCorrupt error = sentinel{"kv: corrupt", store.ErrCorrupt}
	// ErrPoisoned says that a sync failed earlier, so that what is on
	// stable storage is not known. Reads go on; writes are refused until
	// the store is opened anew.
	ErrPoisoned = errors.New("kv: store stopped writing after a failed sync")
)

// sentinel is an error of this package that is also of a shared kind.
type sentinel struct {
	text string
	kind error
}

// Error returns the text.
func (s sentinel) Error() string { return s.text }

// Unwrap returns the shared kind.
func (s sentinel) Unwrap() error { return s.kind }

// CorruptError says where a file is not what was written to it. It matches
// ErrCorrupt.
type CorruptError struct {
	File   string // its path
	Offset int64  // bytes from its start
	Reason string
}

// Error names the file, the offset and the reason.
func (e *CorruptError) Error() string {
	return fmt.Sprintf("kv: corrupt: %s at offset %d: %s", e.File, e.Offset, e.Reason)
}

// Is reports that a CorruptError is an ErrCorrupt.
func (e *CorruptError) Is(target error) bool {
	return target == ErrCorrupt || target == store.ErrCorrupt
}

// OpenSnapshotsError says how many snapshots the store was closed under. It
// matches ErrOpenSnapshots.
type OpenSnapshotsError struct {
	Count int
}

// Error names the number.
func (e *OpenSnapshotsError) Error() string {
	return fmt.Sprintf("%v: %d", ErrOpenSnapshots, e.Count)
}

// Is reports that an OpenSnapshotsError is an ErrOpenSnapshots.
func (e *OpenSnapshotsError) Is(target error) bool { return target == ErrOpenSnapshots }

// public turns an error of the rooms below into one of this package. deed
// says what was being done.
func (e *engine) public(deed string, err error) error {
	if err == nil {
		return nil
	}
	var c *segment.CorruptError
	if errors.As(err, &c) {
		return &CorruptError{filepath.Join(e.opts.DataDir, c.File), c.Offset, c.Reason}
	}
	if e.log != nil && e.log.Err() != nil {
		return fmt.Errorf("%w: %s: %w", ErrPoisoned, deed, err)
	}
	for _, pair := range translations() {
		if errors.Is(err, pair.below) {
			return fmt.Errorf("%w: %s: %w", pair.above, deed, err)
		}
	}
	return fmt.Errorf("kv: %s: %w", deed, err)
}

type translation struct{ below, above error }

// translations is tried in order.
func translations() []translation {
	return []translation{
		{vfs.ErrNoSpace, ErrNoSpace},
		{segment.ErrFull, ErrNoSpace}, // met by tombstones on a full disk
		{keydir.ErrFull, ErrFull},
		{vfs.ErrLocked, ErrLocked},
		{vfs.ErrNotDir, ErrNotAStore},
		{seglog.ErrNotAStore, ErrNotAStore},
		{segment.ErrUnsupported, ErrUnsupportedVersion},
		{errNoParent, ErrInvalidOptions},
		{errNoStore, ErrNotAStore},
	}
}

// Why a directory could not be opened; both also match fs.ErrNotExist.
var (
	errNoParent = fmt.Errorf("the directory above it is missing: %w", fs.ErrNotExist)
	errNoStore  = fmt.Errorf("there is nothing at that path: %w", fs.ErrNotExist)
)
