package kv

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store/internal/vfs"
)

// TestCompactOnAFullDisk compacts segments of which little is alive on a disk
// that has room for that, but not for another segment as long.
func TestCompactOnAFullDisk(t *testing.T) {
	for _, placement := range []vfs.Placement{vfs.ByMapping, vfs.ByCall} {
		d := newDisk(t)
		d.Placement = placement
		clock := newHandClock()
		opts := onDisk(d, clock)
		opts.SegmentSize = 256 << 10
		w := newScribeWith(t, opts, clock, ledger{})
		for i := range 1000 {
			if i%50 == 0 {
				w.set(fmt.Sprint("kept", i), bulk(1000), 0)
			}
			w.set("hot", fmt.Sprint(i, bulk(1000)), 0)
		}
		before := w.s.Stats()
		d.SetCapacity(int64(imageOf(t, d).bytes()) + 16<<10)
		require.NoError(t, w.s.Compact(t.Context()))
		require.Less(t, w.s.Stats().DiskBytes, before.DiskBytes/4)
		w.set("new", bulk(1000), 0)
		d.SetCapacity(0)
		w.reopen(d)
		requireHoldings(t, w.book, w.s, "compacted")
		require.NoError(t, w.s.Close())
	}
}
