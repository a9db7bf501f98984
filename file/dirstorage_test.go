package file_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store/file"
	"github.com/spcent/plumego/store/file/filetest"
)

// TestDirStorage runs the contract on a directory.
func TestDirStorage(t *testing.T) {
	filetest.Storage(t, func(t *testing.T, now func() time.Time) file.Storage {
		s, err := file.NewDirStorage(t.TempDir(), file.DirOptions{Now: now})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, s.Close()) })
		return s
	})
}
