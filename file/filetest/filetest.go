// Package filetest holds an implementation of file.Storage to its contract:
//
//	func TestStorage(t *testing.T) {
//		filetest.Storage(t, func(t *testing.T, now func() time.Time) file.Storage {
//			return newMyStorage(t, now)
//		})
//	}
//
// KV holds an engine to what file.NewKVStorage needs of it.
package filetest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/spcent/plumego/store/file"
	"github.com/spcent/plumego/store/storetest"
)

// Storage runs the whole contract. open returns an empty storage that judges
// expiry by now, which may be called from any goroutine; it is called once per
// case, and closes what it has opened by t.Cleanup.
func Storage(t *testing.T, open func(t *testing.T, now func() time.Time) file.Storage) {
	for _, c := range []struct {
		name string
		run  func(f *files)
	}{
		{"what was put is got, of any size", putIsGot},
		{"a body may come in any way", bodiesComeInPieces},
		{"a content type is told from the body, or given", contentTypes},
		{"metadata are kept, and are copies", metadataAreKept},
		{"a missing file is ErrNotFound", missingIsNotFound},
		{"delete removes, and a missing file is no error", deleteRemoves},
		{"a file is read from any place", readsFromAnyPlace},
		{"many read one open file at once", readsAtOnce},
		{"an open file outlives what becomes of its name", openFilesStay},
		{"a closed file is ErrClosed", closedIsClosed},
		{"a body that fails leaves what was there", failedBodiesChangeNothing},
		{"a body not as announced leaves what was there", announcedBodies},
		{"options out of bounds are refused", badOptions},
		{"a done context stops every call", doneContextStops},
		{"a context done within a body ends the put", cancelledPut},
		{"a context done ends the reads of an open file", cancelledRead},
		{"create only", createOnly},
		{"put, delete, copy and move if it matches", ifMatch},
		{"of many that create one wins", oneWins},
		{"no change is lost that expects an ETag", noChangeIsLost},
		{"expired is absent, to the millisecond", expiredIsAbsent},
		{"expired is absent from lists", listsLeaveOutExpired},
		{"an open file outlives its expiry", openFilesStayPastExpiry},
		{"lists are in order, by prefix", listsAreOrdered},
		{"lists are cut by delimiters", listsByDelimiter},
		{"pages join to the list, whatever their size", pagesJoin},
		{"a token outlives the file that it begins with", tokensStay},
		{"a copy is another file", copies},
		{"a move gives another name", moves},
		{"to itself", toItself},
		{"hostile names are refused or kept apart", hostileNames},
		{"random names are refused or kept apart", randomNames},
		{"no error has a name in its text", errorsAreDiscreet},
		{"the view is a file system", viewIsFS},
		{"the view shows directories before files", viewShadows},
		{"http serves a range", servesRanges},
		{"readers see one body or another, never a mix", neverAMix},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := &files{T: t, clock: storetest.NewClock()}
			f.Storage = open(t, f.clock.Now)
			c.run(f)
		})
	}
}

// files is a storage under test.
type files struct {
	*testing.T
	file.Storage
	clock *storetest.Clock
}

// sizes are those of bodies that are small, and of more and more chunks if
// chunks are small.
func sizes() []int { return []int{0, 1, 63, 64, 65, 500, 512, 513, 1024, 5000, 100_000} }

// body returns a body of that size, another for each seed.
func body(size int, seed uint64) []byte {
	b := make([]byte, size)
	rng := rand.New(rand.NewPCG(seed, uint64(size)))
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	return b
}

// etag returns what a body has as ETag.
func etag(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// put puts a file, which must succeed.
func (f *files) put(path string, b []byte, opts ...file.PutOptions) file.FileStat {
	f.Helper()
	stat, err := f.tryPut(path, b, opts...)
	if err != nil {
		f.Fatalf("Put(%.40q, %d bytes): %v", path, len(b), err)
	}
	return stat
}

func (f *files) tryPut(path string, b []byte, opts ...file.PutOptions) (file.FileStat, error) {
	return f.Put(f.Context(), path, bytes.NewReader(b), append(opts, file.PutOptions{})[0])
}

// open opens a file, which must succeed, until the end of the case.
func (f *files) open(path string) file.File {
	f.Helper()
	h, err := f.Get(f.Context(), path)
	if err != nil {
		f.Fatalf("Get(%.40q): %v", path, err)
	}
	f.Cleanup(func() { _ = h.Close() })
	return h
}

// want expects a file with that body, and that all say the same of it.
func (f *files) want(path string, b []byte) {
	f.Helper()
	h, err := f.Get(f.Context(), path)
	if err != nil {
		f.Fatalf("Get(%.40q): %v", path, err)
	}
	got, err := io.ReadAll(h)
	if err != nil || !bytes.Equal(got, b) {
		f.Fatalf("%.40q: read %d bytes, %v; want %d bytes, equal: %v", path, len(got), err, len(b), bytes.Equal(got, b))
	}
	stat, err := f.Stat(f.Context(), path)
	if err != nil {
		f.Fatalf("Stat(%.40q): %v", path, err)
	}
	equalStats(f.T, h.Stat(), stat)
	if stat.Path != path || stat.Size != int64(len(b)) || stat.ETag != etag(b) {
		f.Fatalf("Stat(%.40q) = %+v, want size %d, ETag %s", path, stat, len(b), etag(b))
	}
	if ok, err := f.Exists(f.Context(), path); err != nil || !ok {
		f.Fatalf("Exists(%.40q) = %v, %v", path, ok, err)
	}
	if err := h.Close(); err != nil {
		f.Fatalf("Close: %v", err)
	}
}

// wantMissing expects that nobody knows the file.
func (f *files) wantMissing(path string) {
	f.Helper()
	_, err := f.Get(f.Context(), path)
	f.wantErr("Get", err, file.ErrNotFound)
	_, err = f.Stat(f.Context(), path)
	f.wantErr("Stat", err, file.ErrNotFound)
	if ok, err := f.Exists(f.Context(), path); err != nil || ok {
		f.Fatalf("Exists = %v, %v; want false", ok, err)
	}
}

func (f *files) wantErr(deed string, err, want error) {
	f.Helper()
	var known *file.Error
	if !errors.Is(err, want) || !errors.As(err, &known) {
		f.Fatalf("%s: error %v (%T), want %v", deed, err, err, want)
	}
}

// list lists one page.
func (f *files) list(opts file.ListOptions) file.Page {
	f.Helper()
	page, err := f.List(f.Context(), opts)
	if err != nil {
		f.Fatalf("List(%+v): %v", opts, err)
	}
	if len(page.Damaged) > 0 {
		f.Fatalf("List: %d damaged files", len(page.Damaged))
	}
	for _, stat := range page.Files {
		one, err := f.Stat(f.Context(), stat.Path)
		if err != nil {
			f.Fatalf("Stat of a listed file: %v", err)
		}
		equalStats(f.T, stat, one)
	}
	return page
}

// wantList expects these files, then these prefixes.
func (f *files) wantList(opts file.ListOptions, names []string, prefixes ...string) file.Page {
	f.Helper()
	page := f.list(opts)
	if got := paths(page); !slices.Equal(got, names) || !slices.Equal(page.Prefixes, prefixes) {
		f.Fatalf("List(%+v) = %.80q and %.80q, want %.80q and %.80q", opts, got, page.Prefixes, names, prefixes)
	}
	return page
}

func paths(page file.Page) (names []string) {
	for _, stat := range page.Files {
		names = append(names, stat.Path)
	}
	return names
}

func equalStats(t *testing.T, a, b file.FileStat) {
	t.Helper()
	same := a.Path == b.Path && a.Size == b.Size && a.ETag == b.ETag && a.ContentType == b.ContentType &&
		a.Modified.Equal(b.Modified) && a.Expires.Equal(b.Expires) && len(a.Metadata) == len(b.Metadata)
	for key, value := range a.Metadata {
		same = same && b.Metadata[key] == value
	}
	if !same {
		t.Fatalf("one says %+v, another %+v", a, b)
	}
}
