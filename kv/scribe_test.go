package kv

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store/internal/keydir"
	"github.com/spcent/plumego/store/internal/vfs"
)

// scribe does everything twice: to a store and to a ledger.
type scribe struct {
	t     testing.TB
	s     *KVStore
	opts  Options // that it is opened with
	clock *handClock
	book  ledger
	// pages are the ledgers after each record, the empty one first.
	pages []ledger
	// each, if not nil, is called after each operation.
	each func()
}

// newScribe opens a store on a disk. The disk may have a store already, of
// which book is the contents.
func newScribe(t testing.TB, d *vfs.Disk, clock *handClock, book ledger) *scribe {
	t.Helper()
	return newScribeWith(t, onDisk(d, clock), clock, book)
}

func newScribeWith(t testing.TB, opts Options, clock *handClock, book ledger) *scribe {
	t.Helper()
	return &scribe{t: t, s: mustOpen(t, opts), opts: opts, clock: clock, book: book, pages: []ledger{book.clone()}}
}

// onDisk returns options for a store of tiny segments on a test disk.
func onDisk(d *vfs.Disk, clock *handClock) Options {
	return Options{DataDir: imageDir, fs: d, SegmentSize: minSegmentSize, SweepInterval: -1, CompactInterval: -1, Now: clock.now, later: atOnce, secret: keydir.Secret{1, 2, 3, 4}}
}

func (w *scribe) set(key, value string, ttl time.Duration) {
	w.t.Helper()
	require.NoError(w.t, w.s.Set(key, []byte(value), ttl))
	w.book[key] = holding{value, w.deadline(ttl)}
	w.turn()
}

func (w *scribe) delete(key string) {
	w.t.Helper()
	require.NoError(w.t, w.s.Delete(key))
	delete(w.book, key)
	w.turn()
}

func (w *scribe) expire(key string, ttl time.Duration) {
	w.t.Helper()
	require.NoError(w.t, w.s.Expire(key, ttl))
	w.book[key] = holding{w.book[key].value, w.deadline(ttl)}
	w.turn()
}

func (w *scribe) incr(key string, delta int64, ttl time.Duration) {
	w.t.Helper()
	sum, err := w.s.Incr(key, delta, ttl)
	require.NoError(w.t, err)
	h, ok := w.book[key]
	if !ok {
		h = holding{"0", w.deadline(ttl)}
	}
	old, err := strconv.ParseInt(h.value, 10, 64)
	require.NoError(w.t, err)
	require.Equal(w.t, old+delta, sum)
	w.book[key] = holding{strconv.FormatInt(sum, 10), h.deadline}
	w.turn()
}

// pass lets time pass and sweeps, which leaves a mark in the log.
func (w *scribe) pass(d time.Duration) {
	w.t.Helper()
	w.clock.pass(d)
	w.book = w.book.at(w.clock.millis())
	require.Equal(w.t, len(w.book), w.s.Len())
	w.turn()
}

// reopen closes the store and opens it again, by the index and by the log.
func (w *scribe) reopen(d *vfs.Disk) {
	w.t.Helper()
	require.NoError(w.t, w.s.Close())
	w.opts.fs = d
	w.s = mustOpenAgain(w.t, w.opts)
}

func (w *scribe) deadline(ttl time.Duration) int64 {
	if ttl == 0 {
		return 0
	}
	return w.clock.in(ttl)
}

// turn begins a new page.
func (w *scribe) turn() {
	w.pages = append(w.pages, w.book.clone())
	if w.each != nil {
		w.each()
	}
}

// last returns the page that many records before the end, as it reads now.
func (w *scribe) last(back int) ledger {
	return w.pages[len(w.pages)-1-back].at(w.clock.millis())
}
