package file

import (
	"errors"
	"io/fs"
	"strings"

	"github.com/spcent/plumego/store"
)

// What a caller meets in daily use.
var (
	// ErrNotFound says that there is no such file, or that it has expired. It
	// matches fs.ErrNotExist.
	ErrNotFound error = &sentinel{"file: not found", []error{store.ErrNotFound, fs.ErrNotExist}}
	// ErrExists says that there is a file though IfNoneMatch("*") expected
	// none. It matches fs.ErrExist.
	ErrExists error = &sentinel{"file: exists already", []error{store.ErrConflict, fs.ErrExist}}
	// ErrPreconditionFailed says that the file in the place of a change is not
	// as expected.
	ErrPreconditionFailed error = &sentinel{"file: not as expected", []error{store.ErrConflict}}
	// ErrClosed says that an open file was closed. It matches fs.ErrClosed.
	ErrClosed error = &sentinel{"file: closed", []error{store.ErrClosed, fs.ErrClosed}}
)

// What an argument may be. Nothing was changed.
var (
	// ErrInvalidPath says that a name is none: see Storage.
	ErrInvalidPath error = &sentinel{"file: invalid path", []error{store.ErrInvalid, fs.ErrInvalid}}
	// ErrInvalidOption says that an option is out of its bounds, or that a
	// page token is none.
	ErrInvalidOption error = &sentinel{"file: invalid option", []error{store.ErrInvalid}}
	// ErrInvalidSize says that a body has not the size that was announced.
	ErrInvalidSize error = &sentinel{"file: body has another size", []error{store.ErrInvalid}}
	// ErrChecksum says that a body has not the SHA-256 that was announced.
	ErrChecksum error = &sentinel{"file: body has another checksum", []error{store.ErrInvalid}}
	// ErrTooLarge says that a body is larger than the storage takes.
	ErrTooLarge error = &sentinel{"file: body is too large", []error{store.ErrInvalid}}
)

// What storage may bring.
var (
	// ErrCorrupt says that what is stored is not what was written: something
	// cannot be read, is missing, or has the wrong length.
	ErrCorrupt error = &sentinel{"file: corrupt", []error{store.ErrCorrupt}}
	// ErrNoSpace says that the device of a DirStorage is full. What was there
	// before stays. A KVStorage returns what its store says.
	ErrNoSpace error = &sentinel{"file: no space left", []error{store.ErrNoSpace}}
	// ErrGone says that the body of an open file, or of an upload, was
	// collected as garbage by another process: see KVOptions.Grace, and
	// DirStorage.
	ErrGone error = &sentinel{"file: collected as garbage", []error{store.ErrConflict}}
)

// sentinel is an error of this package that is of shared kinds too.
type sentinel struct {
	text  string
	kinds []error
}

// Error returns the text.
func (s *sentinel) Error() string { return s.text }

// Unwrap returns the shared kinds.
func (s *sentinel) Unwrap() []error { return s.kinds }

// Error says what was being done to which file when Err was met. Its text does
// not contain the path.
type Error struct {
	Op   string // "put", "get", "read", ...
	Path string // as the caller gave it
	Err  error
}

// Error names the deed and the cause.
func (e *Error) Error() string {
	return "file: " + e.Op + ": " + strings.TrimPrefix(e.Err.Error(), "file: ")
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// failed returns err as an *Error, which it may be already; nil stays nil.
func failed(op, path string, err error) error {
	var known *Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	return &Error{op, path, err}
}
