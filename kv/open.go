package kv

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"io/fs"
	"log/slog"

	"github.com/spcent/plumego/store/internal/keydir"
	"github.com/spcent/plumego/store/internal/record"
	"github.com/spcent/plumego/store/internal/seglog"
	"github.com/spcent/plumego/store/internal/segment"
	"github.com/spcent/plumego/store/internal/vfs"
)

// open takes the directory and replays the log into the index. After an
// error nothing is held.
func (e *engine) open() error {
	if err := e.openDir(); err != nil {
		return errors.Join(err, e.release())
	}
	open := e.openLog
	if e.opts.ReadOnly {
		open = e.openBeside
	}
	r, err := open()
	if err != nil {
		return errors.Join(err, e.release())
	}
	e.clock.reached(r.Time)
	e.lastMark = r.Time
	e.report(r)
	return nil
}

// openLog makes an index and replays the log into it.
func (e *engine) openLog() (seglog.Recovery, error) {
	e.index = keydir.NewKeyed(e.opts.secret, e.clock.now())
	e.log = seglog.New(seglog.Config{
		Dir:         e.dir,
		Mode:        e.mode(),
		Volatile:    e.opts.InMemory,
		SegmentSize: e.opts.SegmentSize,
		Now:         e.clock.now,
		NewStore:    randomID,
		Ahead:       e.ahead.note,
		Behind:      e.finishBehind,
		Load:        e.load,
	})
	r, err := e.log.Open(e.replay)
	if err == nil && e.saved.lacking != nil {
		// What the index lacks compaction would throw away.
		err = errors.Join(e.saved.lacking, e.log.Close())
	}
	return r, err
}

func (e *engine) mode() vfs.Mode {
	if e.opts.ReadOnly {
		return vfs.ReadOnly
	}
	return vfs.ReadWrite
}

// openDir opens the directory and, for writing, locks it. What is there is
// looked at before the lock file is made, so that somebody else's directory
// stays untouched.
func (e *engine) openDir() (err error) {
	fsys, path := e.fileSystem()
	e.dir, err = fsys.OpenDir(path)
	if errors.Is(err, fs.ErrNotExist) {
		if e.opts.ReadOnly {
			return errNoStore
		}
		if err = fsys.MakeDir(path); errors.Is(err, fs.ErrNotExist) {
			return errNoParent
		} else if err == nil {
			e.dir, err = fsys.OpenDir(path)
		}
	}
	if err != nil || e.opts.ReadOnly {
		return err
	}
	if _, err := seglog.Examine(e.dir); err != nil {
		return err
	}
	e.lock, err = e.dir.Lock(segment.LockName)
	return err
}

// fileSystem returns where the store lives.
func (e *engine) fileSystem() (vfs.FS, string) {
	switch {
	case e.opts.fs != nil:
		return e.opts.fs, e.opts.DataDir
	case e.opts.InMemory:
		return vfs.NewMem(), e.place()
	default:
		return vfs.OS{}, e.opts.DataDir
	}
}

// place says in errors where the store is.
func (e *engine) place() string {
	if e.opts.InMemory {
		return "memory"
	}
	return e.opts.DataDir
}

// release lets go of the lock and the directory.
func (e *engine) release() error {
	var err error
	if e.lock != nil {
		err = e.lock.Close()
	}
	if e.dir != nil {
		err = errors.Join(err, e.dir.Close())
	}
	return err
}

// replay brings the index to where it was after this record.
func (e *engine) replay(at seglog.Location, r record.Record) {
	m := mutation{
		kind:     r.Type,
		key:      string(r.Key),
		hash:     e.index.Hash(string(r.Key)),
		at:       at,
		deadline: r.Deadline,
	}
	if m.kind == record.Touch {
		old, ok := e.lookup(m.hash, m.key)
		if !ok {
			e.log.Spent(at)
			return
		}
		m.value = location(old)
	}
	e.publish(&m)
}

// report keeps what recovery did, and says it if it was anything.
func (e *engine) report(r seglog.Recovery) {
	e.recovery = Recovery{
		Clean:          r.Clean,
		Segments:       r.Segments,
		Records:        r.Records,
		TornFile:       r.TornFile,
		TornOffset:     r.TornOffset,
		TornBytes:      r.TornBytes,
		OrphansRemoved: r.Orphans,
		IndexLoaded:    r.Imaged,
		Hints:          r.Hinted,
		Ignored:        r.Ignored,
	}
	if r.Clean && r.Orphans == 0 || e.opts.ReadOnly && r.TornBytes == 0 {
		return
	}
	e.opts.Logger.Warn("kv: store was not closed; recovered",
		slog.Int("segments", r.Segments),
		slog.Int64("records", r.Records),
		slog.String("torn_file", r.TornFile),
		slog.Int64("torn_offset", r.TornOffset),
		slog.Int64("torn_bytes", r.TornBytes),
		slog.Int("orphans_removed", r.Orphans))
}

func randomID() uint64 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails, says its documentation
	return binary.LittleEndian.Uint64(b[:])
}
