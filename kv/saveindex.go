package kv

import (
	"errors"
	"log/slog"
	"sync"

	"github.com/spcent/plumego/store/internal/keydir"
	"github.com/spcent/plumego/store/internal/seglog"
)

// Close saves the index, so that the next open need not read the log. What
// is saved is only a cache: the log makes sure that it is this log's, and
// that it is whole, before it is used.

// savedIndex is an index that is being loaded.
type savedIndex struct {
	image  *seglog.Image // nil: the index was made from the log
	settle func()
	// settled is closed when the index is complete, or never will be.
	settled chan struct{}
	// failed is why the index can no longer be read, or nil. It is set once,
	// under a lock of the index, until settled is closed.
	failed  error
	failing sync.Once
	// lacking is why the index has not got a key of the log, or nil. Protected
	// by mu.
	lacking error
}

// load makes the index from an image, in place of replay. Nothing of it is
// read yet but what readers ask for, and settleIndex reads the rest.
func (e *engine) load(x *seglog.Image) {
	l := keydir.Load(keydir.DecodeSecret(x.Secret()), func(entry keydir.Entry) bool { return x.Has(location(entry)) }, e.clock.now())
	for part := range keydir.Parts {
		l.Expect(part, x.Entries(part), func(add func(keydir.Piece) error) error {
			return x.Read(part, func(count int, data []byte) error {
				return add(keydir.Piece{Part: part, Count: count, Data: data})
			})
		})
	}
	e.saved.image = x
	e.index, e.saved.settle = l.Finish(e.lose)
}

// lose is told that the saved index can no longer be read, although it could
// when the store was opened: the device fails, or somebody else has changed
// the file. What the index would say from now on is wrong, so the store
// closes, before anybody can ask. settleIndex does the rest: here a lock of the
// index is held.
func (e *engine) lose(err error) {
	e.closed.Store(true)
	e.saved.failing.Do(func() { e.saved.failed = e.public("read the saved index", err) })
}

// settleIndex completes an index that was loaded. One that could not be read
// must not be found again: opening the store anew reads the log.
func (e *engine) settleIndex() {
	defer close(e.saved.settled)
	if e.saved.image == nil {
		return
	}
	e.saved.settle()
	e.saved.settle = nil // some bytes for each key
	if err := e.saved.image.Close(); err != nil {
		e.opts.Logger.Warn("kv: close the saved index", slog.Any("error", err))
	}
	if err := e.saved.failed; err != nil {
		e.log.DropImage()
		e.opts.Logger.Error("kv: the saved index can no longer be read; the store closed", slog.Any("error", err))
	}
	e.sweeper.rouse() // it may have missed a deadline
}

// makeHints makes the hints that are missing.
func (e *engine) makeHints(work []func()) {
	for _, hint := range work {
		if e.closed.Load() {
			return
		}
		hint()
	}
}

// saveIndex saves the index of a log that is finished. That it cannot be
// saved only costs the next open its time.
func (e *engine) saveIndex() {
	err := e.log.SaveImage(e.index.Secret().Append(nil), func(segment func(uint32) uint32, put func(int, int, []byte) error) error {
		return e.index.Save(segment, func(p keydir.Piece) error { return put(p.Part, p.Count, p.Data) })
	})
	if err != nil && !errors.Is(err, e.log.Err()) {
		e.opts.Logger.Warn("kv: the index could not be saved", slog.Any("error", err))
	}
}
