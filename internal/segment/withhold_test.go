package segment

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store/internal/vfs"
)

// TestASyncDoesNotEndWithhold syncs a segment whose records must promise
// nothing yet.
func TestASyncDoesNotEndWithhold(t *testing.T) {
	r := newRig(t, vfs.ByCall)
	w := r.write(2)
	require.NoError(t, w.Sync())
	require.Equal(t, w.End(), w.Synced())
	w.Withhold()
	require.NoError(t, w.Sync())
	require.Zero(t, w.Synced())
	w.Vouch()
	require.EqualValues(t, HeaderSize, w.Synced())
	require.NoError(t, w.Sync())
	require.Equal(t, w.End(), w.Synced())
	require.NoError(t, w.Close())
}
