package main

import (
	"path/filepath"
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
