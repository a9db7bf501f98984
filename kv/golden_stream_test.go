package kv

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestGoldenStream restores the stream that version 1 made of one of its
// golden stores. Every version must be able to.
func TestGoldenStream(t *testing.T) {
	g := readGolden(t, filepath.Join(goldenDir, "v1", "several-segments"))
	path := filepath.Join(goldenDir, "streams", "v1.several-segments")
	if _, err := os.Stat(path); os.IsNotExist(err) && *updateGolden {
		makeGoldenStream(t, g, path)
	}
	stream, err := os.ReadFile(path)
	require.NoError(t, err, "make it with -update-golden")
	opts := inDir(filepath.Join(t.TempDir(), "copy"))
	opts.Now = g.clock.now
	require.NoError(t, Restore(context.Background(), bytes.NewReader(stream), opts.DataDir))
	s := mustOpen(t, opts)
	requireHoldings(t, g.want, s, "restored")
	require.NoError(t, s.Close())

	newer := bytes.Clone(stream)
	newer[8]++
	err = Restore(context.Background(), bytes.NewReader(newer), filepath.Join(t.TempDir(), "copy"))
	require.ErrorIs(t, err, ErrUnsupportedVersion)
}

func makeGoldenStream(t *testing.T, g *golden, path string) {
	t.Helper()
	_, opts := g.copy(t, g.image)
	s := mustOpen(t, opts)
	var stream bytes.Buffer
	_, err := s.WriteTo(&stream)
	require.NoError(t, err)
	require.NoError(t, s.Close())
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, stream.Bytes(), 0o644))
}
