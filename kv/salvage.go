package kv

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"github.com/spcent/plumego/store/internal/record"
	"github.com/spcent/plumego/store/internal/seglog"
	"github.com/spcent/plumego/store/internal/vfs"
)

// KeyFate is what Salvage may have to say of a key.
type KeyFate int

// The fates. A key that was read for certain has none.
const (
	// KeyLost: the key had a value, which cannot be read. The key itself may
	// be damaged, since the checksum does not tell where a record is wrong.
	KeyLost KeyFate = iota
	// KeyDoubtful: the value is one that was written, but a later record
	// cannot be read that may have replaced it, deleted it or moved its
	// deadline.
	KeyDoubtful
)

// SalvageOptions may be zero.
type SalvageOptions struct {
	// Key, if not nil, is told of each key that is lost or doubtful, once,
	// in no order.
	Key func(key string, fate KeyFate)
	// Now replaces the system's clock, which decides what has expired.
	Now func() time.Time

	// In this package's tests: where both stores live, and the new one's
	// Options.SegmentSize.
	fs          vfs.FS
	segmentSize int64
}

// Damage is a part of a file that is not what was written to it.
type Damage struct {
	File    string // its path
	Offset  int64  // bytes from its start
	Length  int64  // bytes
	Reason  string
	Records int // in Lost: how many records there were, 0 if that is not known
}

// SalvageReport is what Salvage read, wrote and could not read.
type SalvageReport struct {
	Segments int   // files that were read
	Records  int64 // that are sound
	Keys     int   // written to the new store
	Bytes    int64 // of their values
	Expired  int   // keys left out because their deadline has passed
	Doubtful int   // of Keys: see KeyDoubtful
	LostKeys int   // see KeyLost; there may be more of which nothing is known

	Lost     []Damage // what cost records, or may have
	Harmless []Damage // what cost none
	Torn     []Damage // unfinished writes that nobody was promised
	Stray    []Damage // files that are no part of the store, and were not read
}

// Salvage writes all that can be read of the store in the directory src into
// a new store in the directory dst, which must not exist or be empty and must
// not lie within src. Nothing in src is changed, created or locked; no process
// should have it open, or what is read is of no one moment.
//
// Of each key the newest record that can be read decides: its value, with
// its deadline to the millisecond, or that it was deleted or has expired. A
// value is one that was written under its key, never another; it may be an
// older one if a newer record is lost, and is counted as doubtful then. If the
// manifest cannot be read the order of writes is still known, but not whether
// the newest segments are missing. Of an Update, damage may leave a part.
// Item.Version begins anew.
//
// It holds all keys in memory, about 150 bytes and the key itself for each,
// and one value at a time; it reads src up to three times.
//
// Loss is no error: it is in the report. Errors are ErrInvalidOptions,
// ErrNotAStore, ErrUnsupportedVersion, ErrCorrupt if nothing tells which store
// this was, ErrNoSpace, that of the context, or wrap what the system said.
// After an error dst may hold part of a store, and is to be removed.
func Salvage(ctx context.Context, src, dst string, opts SalvageOptions) (SalvageReport, error) {
	w := &salvage{ctx: ctx, src: src, opts: opts, fates: map[string]fate{}}
	if err := w.checkTarget(dst); err != nil {
		return SalvageReport{}, err
	}
	if err := w.read(dst); err != nil {
		return SalvageReport{}, w.public(err)
	}
	return w.report, nil
}

// salvage is a call of Salvage.
type salvage struct {
	ctx    context.Context
	src    string
	opts   SalvageOptions
	ruin   *seglog.Ruin
	fates  map[string]fate
	doubt  doubt
	report SalvageReport
}

// fileSystem returns where both stores live.
func (w *salvage) fileSystem() vfs.FS {
	if w.opts.fs != nil {
		return w.opts.fs
	}
	return vfs.OS{}
}

// public turns an error of the rooms below into one of this package.
func (w *salvage) public(err error) error {
	if strings.HasPrefix(err.Error(), "kv: ") || errors.Is(err, w.ctx.Err()) {
		return err
	}
	return (&engine{opts: Options{DataDir: w.src}}).public("salvage "+w.src, err)
}

// checkTarget refuses a dst that is not new.
func (w *salvage) checkTarget(dst string) error {
	if w.src == "" || dst == "" {
		return fmt.Errorf("%w: a directory's name is empty", ErrInvalidOptions)
	}
	if within(resolved(dst), resolved(w.src)) {
		return fmt.Errorf("%w: the new store would lie within the damaged one", ErrInvalidOptions)
	}
	d, err := w.fileSystem().OpenDir(dst)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%w: %s: %w", ErrInvalidOptions, dst, err)
	}
	names, err := d.List()
	err = errors.Join(err, d.Close())
	if err == nil && len(names) > 0 {
		err = fmt.Errorf("%w: %s is not empty", ErrInvalidOptions, dst)
	}
	return err
}

// resolved returns a path without links, as far as it exists.
func resolved(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	if parent := filepath.Dir(path); parent != path {
		return filepath.Join(resolved(parent), filepath.Base(path))
	}
	return path
}

func within(path, dir string) bool {
	rel, err := filepath.Rel(dir, path)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

// read reads src and writes dst.
func (w *salvage) read(dst string) (err error) {
	dir, err := w.fileSystem().OpenDir(w.src)
	if errors.Is(err, fs.ErrNotExist) {
		return errNoStore
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dir.Close()) }()
	if w.ruin, err = seglog.ReadRuin(dir); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.ruin.Close()) }()
	if err := w.ruin.Sift(w.learn); err != nil {
		return err
	}
	w.doubt = newDoubt(w.ruin)
	if err := w.write(dst); err != nil {
		return err
	}
	w.countLostKeys()
	w.tell()
	return nil
}

// learn takes in one sound record.
func (w *salvage) learn(at seglog.Source, r record.Record) error {
	if w.ruin.Records%1024 == 0 && w.ctx.Err() != nil {
		return w.ctx.Err()
	}
	f := w.fates[string(r.Key)]
	f.take(at, r)
	w.fates[string(r.Key)] = f
	return nil
}

// tell fills the lists of the report.
func (w *salvage) tell() {
	r := &w.report
	r.Segments, r.Records = w.ruin.Segments, w.ruin.Records
	for _, l := range w.ruin.Lost {
		n := 0
		if l.Known {
			n = 1
		}
		r.Lost = append(r.Lost, Damage{filepath.Join(w.src, l.File), l.Offset, l.Length, l.Reason, n})
	}
	r.Harmless = damages(w.src, w.ruin.Harmless)
	r.Torn = damages(w.src, w.ruin.Torn)
	r.Stray = damages(w.src, w.ruin.Stray)
}

func damages(dir string, harms []seglog.Harm) (out []Damage) {
	for _, h := range harms {
		out = append(out, Damage{File: filepath.Join(dir, h.File), Offset: h.Offset, Length: h.Length, Reason: h.Reason})
	}
	return out
}
