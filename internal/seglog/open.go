package seglog

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/spcent/plumego/store/internal/record"
	"github.com/spcent/plumego/store/internal/segment"
	"github.com/spcent/plumego/store/internal/vfs"
)

// ErrNotAStore says that a directory holds something else.
var ErrNotAStore = errors.New("no store here")

// Recovery is what Open found and did.
type Recovery struct {
	Clean      bool   // the store was closed; nothing had to be recovered
	Segments   int    // opened
	Records    int64  // replayed
	TornFile   string // the segment whose tail was cut, or ""
	TornOffset int64  // where
	TornBytes  int64  // of an unfinished commit group, which nobody was promised
	Orphans    int    // files of unfinished work, removed
	Imaged     bool   // an image was loaded, and no record read
	Hinted     int    // segments whose hint was read in their place
	Ignored    int    // images and hints that were there and not used
	Time       int64  // Unix milliseconds that the store's time had reached
	Seq        uint64 // of the last record
}

// Examine looks at a directory without changing or locking it. It returns
// whether there is a store, and ErrNotAStore if there is something else.
func Examine(dir vfs.Dir) (exists bool, err error) {
	names, err := dir.List()
	if err != nil {
		return false, fmt.Errorf("list directory: %w", err)
	}
	if slices.Contains(names, segment.ManifestName) {
		_, err := readManifest(dir)
		return true, err
	}
	for _, name := range names {
		if _, ok := segment.ParseName(name); ok {
			return true, &segment.CorruptError{File: segment.ManifestName, Reason: "missing beside segments"}
		}
		if name != segment.LockName && name != segment.ManifestTemp {
			return false, fmt.Errorf("%w: the directory holds other files", ErrNotAStore)
		}
	}
	return false, nil
}

// New returns a log that is to be opened.
func New(c Config) *Log {
	l := &Log{Config: c}
	l.members.Store(new([]*member))
	return l
}

// Open opens the log in a directory whose lock the caller holds, or makes a
// new one in an empty directory. It calls replay for each record that
// counts, in log order, perhaps without its value; or it calls Load instead.
// With vfs.ReadOnly it changes nothing and needs no lock, but may fail where a
// writer is at work: see Generation.
//
// Damage is a *segment.CorruptError, and then nothing has been changed.
func (l *Log) Open(replay func(Location, record.Record)) (Recovery, error) {
	exists, err := Examine(l.Dir)
	if err != nil {
		return Recovery{}, err
	}
	if !exists {
		return Recovery{Clean: true}, l.found()
	}
	r := recovery{Log: l, replay: replay}
	if err := r.run(); err != nil {
		return Recovery{}, errors.Join(err, r.closeAhead(), l.closeMembers())
	}
	return r.Recovery, nil
}

// found makes the manifest of a new store. Segments come with the first
// record.
func (l *Log) found() error {
	if l.Mode == vfs.ReadOnly {
		return fmt.Errorf("%w: the directory is empty", ErrNotAStore)
	}
	l.store = l.NewStore()
	l.man.Store(&manifest{store: l.store, next: 1, clean: true})
	return l.install(func(*manifest) {})
}

// Close makes the store clean: everything durable, the manifest exact. A
// poisoned log is only let go of, and its failure returned.
func (l *Log) Close() error {
	err := l.Finish()
	return errors.Join(err, l.closeMembers())
}

// Finish does what Close does but for letting go. Nothing may be appended
// afterwards.
func (l *Log) Finish() error {
	if err := l.Err(); err != nil || l.man.Load().clean || l.Mode == vfs.ReadOnly {
		return err
	}
	if err := errors.Join(l.dropPrepared(), l.settle(l.full)); err != nil {
		return err
	}
	// The file is synced even if every record is durable: its length is not.
	if err := errors.Join(l.active.Trim(), l.check(l.active.Sync())); err != nil {
		return err
	}
	return l.install(func(m *manifest) {
		m.seal(l.full)
		last := m.last()
		last.length, last.chain = l.active.End(), l.active.Chain()
		m.seq = l.seq
		m.clean = true
	})
}

// closeMembers lets go of all segments, and removes those that only pins had
// kept.
func (l *Log) closeMembers() error {
	err := l.dropPrepared()
	for _, m := range l.forget() {
		err = errors.Join(err, l.drop(m))
	}
	for _, m := range *l.members.Load() {
		if m != nil {
			err = errors.Join(err, m.Close())
		}
	}
	return err
}

// dropCache removes an image or a hint, if it is there. One that stays is of no
// harm: it is bound to what it was made of.
func (l *Log) dropCache(name string) { _ = removeIfThere(l.Dir, name) }

func removeIfThere(dir vfs.Dir, name string) error {
	if err := dir.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove %s: %w", name, err)
	}
	return nil
}
