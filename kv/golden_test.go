package kv

import (
	"encoding/binary"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store/internal/record"
)

// TestGolden opens the stores that earlier versions of this library wrote,
// T02. Every version must read them as they were meant, for ever.
func TestGolden(t *testing.T) {
	if *updateGolden {
		makeGolden(t)
	}
	for name := range goldenStories() {
		require.DirExists(t, filepath.Join(goldenDir, "v1", name), "make it with -update-golden")
	}
	dirs, err := filepath.Glob(filepath.Join(goldenDir, "v*", "*"))
	require.NoError(t, err)
	for _, dir := range dirs {
		t.Run(filepath.Base(filepath.Dir(dir))+" "+filepath.Base(dir), func(t *testing.T) {
			g := readGolden(t, dir)
			t.Run("read-only", g.openReadOnly)
			t.Run("read-write", g.openReadWrite)
			t.Run("of a newer version", g.openNewer)
		})
	}
	t.Logf("%d golden stores", len(dirs))
}

// TestGoldenHasEveryRecordType looks into the case of that name.
func TestGoldenHasEveryRecordType(t *testing.T) {
	seen := map[record.Type]bool{}
	for _, data := range readAll(t, filepath.Join(goldenDir, "v1", "every-record-type", "store")) {
		for _, raw := range recordsOf(data) {
			seen[record.Type(raw[12])] = true
		}
	}
	for kind := record.Put; kind <= record.Seal; kind++ {
		require.True(t, seen[kind], "type %d", kind)
	}
}

// golden is a case as it was read.
type golden struct {
	goldenCase
	image
	want  ledger
	clock *handClock
}

func readGolden(t *testing.T, dir string) *golden {
	t.Helper()
	g := &golden{image: readAll(t, filepath.Join(dir, "store")), want: ledger{}, clock: newHandClock()}
	b, err := os.ReadFile(filepath.Join(dir, "contents.json"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(b, &g.goldenCase))
	for _, h := range g.Keys {
		g.want[string(h.Key)] = holding{string(h.Value), h.Deadline}
	}
	g.clock.set(time.UnixMilli(g.Now))
	return g
}

// copy returns the options to open a copy of the files in a real directory.
func (g *golden) copy(t *testing.T, im image) (dir string, opts Options) {
	dir = t.TempDir()
	im.writeAll(t, dir)
	opts = inDir(dir)
	opts.Now = g.clock.now
	return dir, opts
}

// openReadOnly wants the exact contents, and every byte as it was.
func (g *golden) openReadOnly(t *testing.T) {
	dir, opts := g.copy(t, g.image)
	opts.ReadOnly = true
	s := mustOpen(t, opts)
	got, err := holdings(s)
	require.NoError(t, err)
	require.Equal(t, g.want, got)
	require.Equal(t, g.Clean, s.Stats().Recovery.Clean)
	require.Equal(t, g.TornBytes, s.Stats().Recovery.TornBytes)
	require.NoError(t, s.Close())
	require.Empty(t, g.image.differs(readAll(t, dir)), "reading changed this file")
}

// openReadWrite wants the exact contents before and after a write.
func (g *golden) openReadWrite(t *testing.T) {
	_, opts := g.copy(t, g.image)
	s := mustOpen(t, opts)
	requireHoldings(t, g.want, s, "opened")
	require.Equal(t, g.TornBytes, s.Stats().Recovery.TornBytes)
	require.NoError(t, s.Close())

	s = mustOpen(t, opts)
	require.NoError(t, s.Set("new", []byte("write"), 0))
	want := g.want.clone()
	want["new"] = holding{value: "write"}
	require.NoError(t, s.Close())
	s = mustOpen(t, opts)
	requireHoldings(t, want, s, "used")
	require.NoError(t, s.Close())
}

// openNewer raises the version number of each file in turn, with sums that
// hold. The store must be refused as such, and stay as it is.
func (g *golden) openNewer(t *testing.T) {
	for _, file := range g.names() {
		var newer []byte
		switch {
		case file == "MANIFEST":
			newer = editManifest(t, g.image[file], "manifest 1\n", "manifest 2\n")
		case isSegment(file):
			newer = append([]byte(nil), g.image[file]...)
			binary.LittleEndian.PutUint32(newer[8:], 2)
			newer = sumHeader(newer)
		default:
			continue
		}
		dir, opts := g.copy(t, g.with(file, newer))
		for _, opts.ReadOnly = range []bool{true, false} {
			before := readAll(t, dir)
			_, err := NewKVStore(opts)
			require.ErrorIs(t, err, ErrUnsupportedVersion, file)
			require.Empty(t, before.differs(readAll(t, dir)), "refused %s, and yet this file was changed", file)
		}
	}
}
