package kv_test

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store/kv"
)

// TestFileCutShortByAStranger takes the pages away from under a mapping. The
// process must live to say so.
func TestFileCutShortByAStranger(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("windows does not let a stranger cut an open file")
	}
	dir := t.TempDir()
	s, err := kv.NewKVStore(kv.Options{DataDir: dir, Sync: kv.SyncNever})
	require.NoError(t, err)
	require.NoError(t, s.Set("key", make([]byte, 100_000), 0))
	files, err := filepath.Glob(filepath.Join(dir, "*.seg"))
	require.NoError(t, err)
	require.Len(t, files, 1)
	require.NoError(t, os.Truncate(files[0], 64))

	_, err = s.Get("key")
	require.Error(t, err)
	require.NotErrorIs(t, err, kv.ErrKeyNotFound, "damage is not absence")
	require.True(t, s.Exists("key"), "the index still knows the key")

	_ = s.Set("other", make([]byte, 100_000), 0) // may fail, must not kill
	_, err = s.Verify(t.Context())
	require.Error(t, err)
	_ = s.Close()
	_, err = kv.NewKVStore(kv.Options{DataDir: dir})
	t.Logf("reopened: %v", err)
}
