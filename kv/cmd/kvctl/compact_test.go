package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCompact(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store")
	for i := range 20 {
		must(t, kvctl("set", dir, "key", fmt.Sprint("value ", i, strings.Repeat("x", 500))))
	}
	got := must(t, kvctl("compact", dir))
	var after, before, copied int
	_, err := fmt.Sscanf(got, "%d bytes on disk, %d before; %d bytes copied\n", &after, &before, &copied)
	require.NoError(t, err, got)
	require.Less(t, after, before/5)
	require.NotZero(t, copied)
	require.Contains(t, must(t, kvctl("get", dir, "key")), "value 19")
	require.Contains(t, must(t, kvctl("compact", dir, "-json")), `"copied_bytes":0`)
	must(t, kvctl("verify", dir))

	none := filepath.Join(t.TempDir(), "none")
	require.Equal(t, exitError, kvctl("compact", none).code)
	require.NoDirExists(t, none)
}
