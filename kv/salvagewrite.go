package kv

import (
	"cmp"
	"errors"
	"path/filepath"
	"slices"

	"github.com/spcent/plumego/store/internal/record"
	"github.com/spcent/plumego/store/internal/segment"
)

// write puts every key that lives into a new store, in the order of the
// records in the files.
func (w *salvage) write(dst string) (err error) {
	s, err := NewKVStore(Options{
		DataDir: dst, Sync: SyncNever, SweepInterval: -1, MaxValueSize: maxMaxValue, Now: w.opts.Now,
		SegmentSize: w.opts.segmentSize, fs: w.opts.fs,
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	// What the old store has seen expire stays expired in the new one.
	s.engine.clock.reached(w.ruin.Time)
	for _, key := range w.living() {
		if err := w.ctx.Err(); err != nil {
			return err
		}
		if err := w.copyKey(s, key); err != nil {
			return err
		}
	}
	return nil
}

// living returns the keys that have a value, ordered by where it is.
func (w *salvage) living() []string {
	keys := make([]string, 0, len(w.fates))
	for key, f := range w.fates {
		if f.state == present {
			keys = append(keys, key)
		}
	}
	slices.SortFunc(keys, func(a, b string) int {
		x, y := w.fates[a].at, w.fates[b].at
		return cmp.Or(cmp.Compare(x.File, y.File), cmp.Compare(x.Offset, y.Offset))
	})
	return keys
}

// copyKey writes one key to the new store, unless it has expired.
func (w *salvage) copyKey(s *KVStore, key string) error {
	f := w.fates[key]
	if s.engine.clock.expired(f.dies()) {
		w.report.Expired++
		return nil
	}
	r, err := w.ruin.Read(f.at)
	var c *segment.CorruptError
	if errors.As(err, &c) { // it was sound a moment ago
		w.loseKey(key)
		w.report.Lost = append(w.report.Lost, Damage{filepath.Join(w.src, c.File), c.Offset, f.at.Size, c.Reason, 1})
		return nil
	}
	if err != nil {
		return err
	}
	if err := s.put(key, r.Value, f.dies()); err != nil {
		return err
	}
	w.report.Keys++
	w.report.Bytes += int64(len(r.Value))
	if !w.doubt.certain(key, f.seq) {
		w.report.Doubtful++
		w.note(key, KeyDoubtful)
	}
	return nil
}

// countLostKeys counts the keys of which no value is left: those of broken
// records, and those that only a touch tells of.
func (w *salvage) countLostKeys() {
	for key, f := range w.fates {
		if f.orphaned() {
			w.loseKey(key)
		}
	}
	told := map[string]bool{}
	for _, l := range w.ruin.Lost {
		for _, b := range l.Broken {
			f := w.fates[b.Key]
			if b.Type != record.Put || b.Key == "" || told[b.Key] || f.state == present || f.orphaned() || f.seq > b.Seq {
				continue
			}
			told[b.Key] = true
			w.loseKey(b.Key)
		}
	}
}

func (w *salvage) loseKey(key string) {
	w.report.LostKeys++
	w.note(key, KeyLost)
}

func (w *salvage) note(key string, fate KeyFate) {
	if w.opts.Key != nil {
		w.opts.Key(key, fate)
	}
}
