package file

import (
	"context"
	"io"
	"time"
)

// Storage keeps files under names.
//
// A name is a path as io/fs has it: elements parted by slashes, none of them
// empty, "." or ".."; valid UTF-8 without NUL, 1 to MaxPath bytes, else
// ErrInvalidPath. Names are told apart by their bytes: "a" and "A" are two, on
// every system. There are no directories: "a" and "a/b" may both be files.
//
// A file that has expired is absent, for every method.
//
// A context that is done before the call stops it, and one that is done while
// a body is read ends that, and nothing was changed. Errors are an *Error. All
// methods are safe for concurrent use. Nothing that is passed is kept, and what
// is returned is the caller's.
type Storage interface {
	// Put reads body to its end and keeps it under path, in the place of any
	// file before it. If reading fails, or the body is not as opts says, what
	// was there before stays.
	Put(ctx context.Context, path string, body io.Reader, opts PutOptions) (FileStat, error)

	// Get opens the file, or returns ErrNotFound. The caller closes it. ctx
	// is for the whole time that the file is open: when it is done, reads end
	// with its error.
	Get(ctx context.Context, path string) (File, error)

	// Stat returns what is known of the file, or ErrNotFound.
	Stat(ctx context.Context, path string) (FileStat, error)

	// Exists reports whether there is such a file.
	Exists(ctx context.Context, path string) (bool, error)

	// Delete removes the file if it is as cond says. A missing file is no
	// error without a condition.
	Delete(ctx context.Context, path string, cond ...Condition) error

	// List returns a page of the files whose names begin with a prefix, in
	// ascending byte order of names. A file that is damaged is named in the
	// page. If that is not possible, as the storage cannot go on behind the
	// damage, the error is a store.ErrCorrupt and the page what came before.
	List(ctx context.Context, opts ListOptions) (Page, error)

	// Copy makes another file with the body of from, its content type,
	// metadata and time of expiry, in the place of any that was at to, if that
	// is as cond says. The body is copied.
	Copy(ctx context.Context, from, to string, cond ...Condition) (FileStat, error)

	// Move gives the file another name, in the place of any that was at to, if
	// that is as cond says. No body is copied. A move to the same name changes
	// nothing.
	Move(ctx context.Context, from, to string, cond ...Condition) (FileStat, error)
}

// File is an open file. It goes on showing what it was opened on when the name
// is given to another body, moved, deleted, or expires. ReadAt may be called
// from many goroutines; after Close everything is ErrClosed.
type File interface {
	io.ReadSeekCloser
	io.ReaderAt
	// Stat returns what was known of the file when it was opened.
	Stat() FileStat
}

// FileStat is what is known of a file.
type FileStat struct {
	Path        string
	Size        int64             // bytes
	ETag        string            // of the body: its SHA-256 in lower-case hex
	ContentType string            // never empty
	Metadata    map[string]string // nil if there is none
	Modified    time.Time         // when the body was put here, or copied
	Expires     time.Time         // the zero time: never
}

// PutOptions say what is to be kept of a file beside its body, and what is
// expected. The zero value is a good choice.
type PutOptions struct {
	ContentType string            // "": told from the first 512 bytes, as net/http does
	Metadata    map[string]string // at most MaxMetadata bytes in all
	TTL         time.Duration     // 0: never expires
	Size        int64             // that the body must have, in bytes; 0: not known
	SHA256      string            // that the body must have, in hex; "": not known
	If          Condition         // of the file that is there now
}

// Condition is what a change expects of the file that is in its place. The zero
// value expects nothing.
type Condition struct {
	// Match is an ETag that the file must have; "*" is any, so that there
	// must be a file. If not so: ErrPreconditionFailed.
	Match string
	// NoneMatch is an ETag that the file must not have, else
	// ErrPreconditionFailed; "*" is any, so that there must be no file, else
	// ErrExists.
	NoneMatch string
}

// IfMatch expects a file with this ETag, or with any if it is "*".
func IfMatch(etag string) Condition { return Condition{Match: etag} }

// IfNoneMatch expects no file with this ETag, or no file at all if it is "*".
func IfNoneMatch(etag string) Condition { return Condition{NoneMatch: etag} }

// ListOptions choose what to list.
type ListOptions struct {
	Prefix string // of the names
	// Delimiter, usually "/", gathers names: all that are the same up to the
	// first delimiter after the prefix are one of Page.Prefixes.
	Delimiter string
	Token     string // Page.Next of the page before; "" for the first
	Limit     int    // of files and prefixes in all; 0 is MaxPage, which is the most
}

// Page is a part of a list.
//
// A list is no snapshot: a file that is there throughout is on one page, and
// what is changed meanwhile may be seen or not.
type Page struct {
	Files    []FileStat // in ascending order of names
	Prefixes []string   // in ascending order, up to and including the delimiter
	// Damaged has the names of files of which nothing is known, as what was
	// written of them cannot be read. Stat and Get say ErrCorrupt; Put,
	// Delete and Move replace them.
	Damaged []string
	Next    string // of the next page; "" if this is the last
}

// Bounds that all implementations have.
const (
	MaxPath        = 1024     // bytes of a name
	MaxMetadata    = 16 << 10 // bytes of metadata, keys and values
	MaxContentType = 255      // bytes
	MaxPage        = 1000     // files and prefixes of a page
)
