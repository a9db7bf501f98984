package kv

import (
	"bytes"
	"encoding/json"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store/internal/vfs"
)

var updateGolden = flag.Bool("update-golden", false, "make the golden stores that do not exist yet")

// goldenDir has a directory for each format version, and in it one for each
// case. They are made once and never changed.
const goldenDir = "../testdata/golden"

// goldenCase is a directory with a store and what it contains.
type goldenCase struct {
	Now       int64           // Unix milliseconds at which Keys are what there is
	Clean     bool            // the store was closed
	TornBytes int64           // that opening it cuts
	Keys      []goldenHolding // in order
}

type goldenHolding struct {
	Key, Value []byte // base64
	Deadline   int64  `json:",omitempty"` // Unix milliseconds
}

// goldenStories says how each case was made. A story returns the files if
// they are not those of the store closed at its end.
func goldenStories() map[string]func(w *scribe, d *vfs.Disk) image {
	return map[string]func(w *scribe, d *vfs.Disk) image{
		"empty": func(*scribe, *vfs.Disk) image { return nil },
		"one-key": func(w *scribe, _ *vfs.Disk) image {
			w.set("key", "value", 0)
			return nil
		},
		"every-record-type": func(w *scribe, _ *vfs.Disk) image {
			w.set("put", "a put", 0)
			w.set("touched", "a put and a touch", 0)
			w.set("deleted", "a put and a tombstone", 0)
			w.set("expired", "a put and a mark", time.Minute)
			w.expire("touched", time.Hour)
			w.delete("deleted")
			w.pass(2 * time.Minute)
			w.set("sealed", strings.Repeat("s", 600), 0)
			w.set("behind the seal", strings.Repeat("s", 600), 0)
			return nil
		},
		"expiry": func(w *scribe, _ *vfs.Disk) image {
			w.set("in a millisecond", "1", time.Millisecond)
			w.set("in an hour", "2", time.Hour)
			w.set("in two hundred years", "3", 200*365*24*time.Hour)
			w.set("never", "4", 0)
			w.set("never any more", "5", time.Hour)
			w.expire("never any more", 0)
			w.set("was for ever", "6", 0)
			w.set("was for ever", "7", time.Minute)
			w.clock.pass(time.Minute)
			w.book = w.book.at(w.clock.millis())
			return nil
		},
		"counters": func(w *scribe, _ *vfs.Disk) image {
			for range 20 {
				w.incr("up", 1, time.Hour)
				w.incr("down", -1000000007, 0)
			}
			w.set("set", "41", time.Minute)
			w.incr("set", 1, 0)
			w.incr("greatest", 1<<63-1, 0)
			return nil
		},
		"several-segments": func(w *scribe, d *vfs.Disk) image {
			for i := range 60 {
				w.set(string(rune('a'+i%13)), strings.Repeat("x", i*5), time.Duration(i%2)*time.Hour)
				if i == 30 {
					w.reopen(d)
				}
			}
			return nil
		},
		"long-record": func(w *scribe, _ *vfs.Disk) image {
			w.set("short", "s", 0)
			w.set("longer than a segment", strings.Repeat("0123456789", 200), 0)
			w.set("after", "a", 0)
			return nil
		},
		"longest-key": func(w *scribe, _ *vfs.Disk) image {
			w.set(strings.Repeat("k", MaxKeySize), "value", 0)
			return nil
		},
		"binary-keys": func(w *scribe, _ *vfs.Disk) image {
			for _, key := range []string{"\x00", "\x00\x00", "\xff", "\xff\xff", "caf\xe9", "a\x00b", "\n", "日本"} {
				w.set(key, key, 0)
			}
			return nil
		},
		"empty-value": func(w *scribe, _ *vfs.Disk) image {
			w.set("empty", "", 0)
			w.set("empty, for an hour", "", time.Hour)
			return nil
		},
		"unclean-tail": func(w *scribe, d *vfs.Disk) image {
			for i := range 20 {
				w.set(string(rune('a'+i)), "was acknowledged", 0)
			}
			return imageOf(w.t, d.KillClone())
		},
		"between-two-segments": func(w *scribe, d *vfs.Disk) image {
			w.s.engine.opts.later = never
			for i := range 20 {
				w.set(string(rune('a'+i)), "was acknowledged", time.Hour)
			}
			return imageOf(w.t, d.KillClone())
		},
		"torn-tail": func(w *scribe, d *vfs.Disk) image {
			for i := range 20 {
				w.set(string(rune('a'+i)), "was acknowledged", 0)
			}
			before := imageOf(w.t, d)
			book := w.book.clone()
			w.set("torn", "was not acknowledged", 0)
			im := imageOf(w.t, d.KillClone())
			for name, data := range im {
				if isSegment(name) && !bytes.Equal(data, before[name]) {
					clear(data[len(bytes.TrimRight(data, "\x00"))-10:])
				}
			}
			w.book = book
			return im
		},
		"recovered": func(w *scribe, d *vfs.Disk) image {
			w.set("before", "the kill", 0)
			killed := d.KillClone()
			require.NoError(w.t, w.s.Close())
			w.s = mustOpen(w.t, onDisk(killed, w.clock))
			w.set("after", "the kill", 0)
			require.NoError(w.t, w.s.Close())
			im := imageOf(w.t, killed)
			w.s = mustOpen(w.t, onDisk(killed, w.clock))
			return im
		},
	}
}

// makeGolden makes the cases that do not exist.
func makeGolden(t *testing.T) {
	for name, story := range goldenStories() {
		dir := filepath.Join(goldenDir, "v1", name)
		if _, err := os.Stat(dir); err == nil {
			t.Logf("%s exists: left as it is", dir)
			continue
		}
		d := newDisk(t)
		w := newScribe(t, d, newHandClock(), ledger{})
		im := story(w, d)
		require.NoError(t, w.s.Close())
		if im == nil {
			im = imageOf(t, d)
		}
		require.NoError(t, os.MkdirAll(filepath.Join(dir, "store"), 0o755))
		im.writeAll(t, filepath.Join(dir, "store"))
		c := describe(t, w, im)
		b, err := json.MarshalIndent(c, "", "\t")
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, "contents.json"), append(b, '\n'), 0o644))
	}
}

// describe returns what a case contains, by its ledger.
func describe(t *testing.T, w *scribe, im image) goldenCase {
	t.Helper()
	opts := onDisk(im.disk(t), w.clock)
	opts.ReadOnly = true
	s := mustOpen(t, opts)
	r := s.Stats().Recovery
	require.NoError(t, s.Close())
	c := goldenCase{Now: w.clock.millis(), Clean: r.Clean, TornBytes: r.TornBytes}
	for _, key := range slices.Sorted(maps.Keys(w.book)) {
		h := w.book[key]
		c.Keys = append(c.Keys, goldenHolding{[]byte(key), []byte(h.value), h.deadline})
	}
	return c
}
