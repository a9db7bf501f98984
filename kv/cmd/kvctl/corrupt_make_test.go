package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spcent/plumego/store/kv"
)

var updateCorrupt = flag.Bool("update-corrupt", false, "make the damaged stores that do not exist yet")

// corruptDir has a directory for each case. They are made once and never
// changed; to have one made anew, remove it.
const corruptDir = "../../../testdata/corrupt"

// corruptCase says what was done to a store and what must be said of it. In
// the texts the directories are SRC and DST.
type corruptCase struct {
	Command string // that made it
	Done    string // to the store
	Verify  said
	Salvage said
}

// said is what a command came to.
type said struct {
	Code   exit
	Stdout []string // lines
	Stderr []string
}

// files are those of a store's directory.
type files map[string][]byte

// segments returns the names of the segments in order.
func (f files) segments() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(f)), func(n string) bool { return !strings.HasSuffix(n, ".seg") })
}

// at returns the bytes from where a text first stands in a segment.
func (f files) at(t *testing.T, text string) []byte {
	t.Helper()
	for _, name := range f.segments() {
		if i := bytes.Index(f[name], []byte(text)); i >= 0 {
			return f[name][i:]
		}
	}
	t.Fatalf("no segment holds %q", text)
	return nil
}

// corruption is one way to damage a store.
type corruption struct {
	done   string
	killed bool // the store was not closed
	damage func(t *testing.T, f files)
}

func corruptions() map[string]corruption {
	return map[string]corruption{
		"undamaged":     {"nothing", false, func(*testing.T, files) {}},
		"flipped-value": {"a bit of a value in the first segment, which is sealed", false, func(t *testing.T, f files) { f.at(t, "value of session 3")[4] ^= 1 }},
		"flipped-key":   {"a bit of a key in the first segment, which is sealed", false, func(t *testing.T, f files) { f.at(t, "session:3")[8] ^= 4 }},
		"flipped-record-header": {"a bit of the length of a value", false, func(t *testing.T, f files) {
			name := f.segments()[0]
			f[name][bytes.Index(f[name], []byte("session:3"))-40+16] ^= 1
		}},
		"flipped-segment-header": {"a bit of the store's id in a segment's header", false, func(_ *testing.T, f files) { f[f.segments()[1]][17] ^= 1 }},
		"missing-segment":        {"the second segment was removed", false, func(_ *testing.T, f files) { delete(f, f.segments()[1]) }},
		"cut-segment": {"the second segment was cut to half its length", false, func(_ *testing.T, f files) {
			name := f.segments()[1]
			f[name] = f[name][:len(f[name])/2]
		}},
		"zeroed-page": {"512 bytes in the middle of the second segment were zeroed", false, func(_ *testing.T, f files) { clear(f[f.segments()[1]][256:768]) }},
		"two-defects": {"a bit of a value in the first segment, and 64 bytes of the second", false, func(t *testing.T, f files) {
			f.at(t, "value of session 3")[4] ^= 1
			clear(f[f.segments()[1]][256:320])
		}},
		"damaged-manifest": {"a bit of the manifest", false, func(_ *testing.T, f files) { f["MANIFEST"][60] ^= 1 }},
		"missing-manifest": {"the manifest was removed", false, func(_ *testing.T, f files) { delete(f, "MANIFEST") }},
		"swapped-segments": {"the first two segments have each other's name", false, func(_ *testing.T, f files) {
			s := f.segments()
			f[s[0]], f[s[1]] = f[s[1]], f[s[0]]
		}},
		"lost-tombstone": {"a bit in the header of a tombstone", false, func(t *testing.T, f files) {
			for _, name := range f.segments() {
				first := bytes.Index(f[name], []byte("deleted"))
				for _, i := range []int{first, first + 1 + bytes.Index(f[name][first+1:], []byte("deleted"))} {
					if i >= 40 && f[name][i-40+12] == 2 { // the type
						f[name][i-40+24] ^= 1
						return
					}
				}
			}
			t.Fatal("no tombstone")
		}},
		"torn-tail": {"the process was killed, and the last 10 bytes of its last write were not written: no damage", true, func(t *testing.T, f files) {
			s := f.segments()
			last := f[s[len(s)-1]]
			clear(last[len(bytes.TrimRight(last, "\x00"))-10:])
		}},
	}
}

// makeCorrupt makes the cases that do not exist.
func makeCorrupt(t *testing.T) {
	for name, c := range corruptions() {
		dir := filepath.Join(corruptDir, name)
		if _, err := os.Stat(dir); err == nil {
			t.Logf("%s exists: left as it is", dir)
			continue
		}
		f := healthyStore(t, c.killed)
		c.damage(t, f)
		store := filepath.Join(dir, "store")
		if err := os.MkdirAll(store, 0o755); err != nil {
			t.Fatal(err)
		}
		f.write(t, store)
		made := corruptCase{
			Command: "go test ./kv/cmd/kvctl -run TestCorrupt -update-corrupt",
			Done:    c.done,
		}
		made.Verify, made.Salvage = examine(t, store)
		b, err := json.MarshalIndent(made, "", "\t")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "case.json"), append(b, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// healthyStore returns the files of a store of three or four segments, closed
// or as its process would leave them when it is killed.
func healthyStore(t *testing.T, killed bool) files {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "store")
	s, err := kv.NewKVStore(kv.Options{DataDir: dir, SegmentSize: 1 << 10})
	if err != nil {
		t.Fatal(err)
	}
	set := func(key, value string, ttl time.Duration) {
		if err := s.Set(key, []byte(value), ttl); err != nil {
			t.Fatal(err)
		}
	}
	const centuries = 250 * 365 * 24 * time.Hour
	for i := range 20 {
		set(fmt.Sprintf("session:%d", i), fmt.Sprintf("value of session %d", i), centuries*time.Duration(i%2))
	}
	set("deleted", "is gone", 0)
	set("overwritten", "older", 0)
	set("overwritten", "newer", 0)
	if err := s.Delete("deleted"); err != nil {
		t.Fatal(err)
	}
	if err := s.Expire("session:4", centuries); err != nil {
		t.Fatal(err)
	}
	set("last", "the last value, which may be torn", 0)
	var f files
	if killed {
		time.Sleep(time.Second) // until what is done behind the writer is done
		f = readFiles(t, dir)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if !killed {
		f = readFiles(t, dir)
	}
	return f
}

func readFiles(t *testing.T, dir string) files {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	f := files{}
	for _, e := range entries {
		if f[e.Name()], err = os.ReadFile(filepath.Join(dir, e.Name())); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

func (f files) write(t *testing.T, dir string) {
	t.Helper()
	for name, data := range f {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
