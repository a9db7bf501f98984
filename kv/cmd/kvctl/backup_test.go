package main

import (
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestBackup(t *testing.T) {
	src, dst := filepath.Join(t.TempDir(), "src"), filepath.Join(t.TempDir(), "dst")
	must(t, kvctl("set", src, "key", "value"))
	must(t, kvctl("set", src, "brief", "value", "-ttl", "1h"))
	require.Contains(t, must(t, kvctl("backup", src, dst)), "2 keys, ")
	require.Equal(t, must(t, kvctl("dump", src)), must(t, kvctl("dump", dst)))
	must(t, kvctl("verify", dst))
	require.Equal(t, exitError, kvctl("backup", src, dst).code, "it is not empty now")
	none := filepath.Join(t.TempDir(), "none")
	require.Equal(t, exitError, kvctl("backup", none, filepath.Join(t.TempDir(), "x")).code)
	require.NoDirExists(t, none)
	require.Contains(t, must(t, kvctl("backup", src, filepath.Join(t.TempDir(), "json"), "-json")), `"keys":2`)
}

func TestBackupAndRestoreByStream(t *testing.T) {
	src, dst := filepath.Join(t.TempDir(), "src"), filepath.Join(t.TempDir(), "dst")
	must(t, kvctl("set", src, "key", "value"))
	must(t, kvctl("set", src, "brief", "value", "-ttl", "1h"))
	stream := must(t, kvctl("backup", src, "-"))
	require.Contains(t, must(t, kvctlWith(stream, "restore", "-", dst)), "2 keys, ")
	require.Equal(t, must(t, kvctl("dump", src)), must(t, kvctl("dump", dst)))
	must(t, kvctl("verify", dst))

	file := filepath.Join(t.TempDir(), "backup.gz")
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, err := z.Write([]byte(stream))
	require.NoError(t, err)
	require.NoError(t, z.Close())
	require.NoError(t, os.WriteFile(file, packed.Bytes(), 0o600))
	require.Contains(t, must(t, kvctl("restore", file, filepath.Join(t.TempDir(), "x"), "-json")), `"keys":2`)

	bad := kvctlWith(stream[:len(stream)-1], "restore", "-", filepath.Join(t.TempDir(), "x"))
	require.Equal(t, exitError, bad.code)
	require.Contains(t, bad.stderr, "stream at offset")
	require.Equal(t, exitError, kvctlWith(stream, "restore", "-", dst).code, "it is not empty")
	require.Equal(t, exitError, kvctl("restore", filepath.Join(t.TempDir(), "none"), dst).code)
}

// TestAStreamNobodyReadsIsNoBackup ends the pipe while the stream is written,
// and when only what is buffered is left. A list may end early, a copy not.
func TestAStreamNobodyReadsIsNoBackup(t *testing.T) {
	src := newStore(t)
	for range 2 {
		var stderr bytes.Buffer
		code := run(t.Context(), []string{"backup", src, "-"}, nil, brokenPipe{}, &stderr)
		require.Equal(t, exitError, code)
		require.Contains(t, stderr.String(), "went away")
		must(t, kvctlWith(strings.Repeat("v", 1<<20), "set", src, "longer than a buffer", "-"))
	}
}

func TestAStreamWithJSONReportsBesideIt(t *testing.T) {
	src := newStore(t)
	plain, both := must(t, kvctl("backup", src, "-")), kvctl("backup", src, "-", "-json")
	require.Equal(t, exitOK, both.code)
	require.Len(t, both.stdout, len(plain))
	require.Contains(t, both.stderr, `"keys":5`)
}
