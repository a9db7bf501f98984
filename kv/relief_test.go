package kv

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store/internal/vfs"
)

// TestADiskFullOfDeadRecords overwrites a few keys on a disk that is full long
// before the store comes to its own bound: what a write needs is made free.
func TestADiskFullOfDeadRecords(t *testing.T) {
	for _, placement := range []vfs.Placement{vfs.ByMapping, vfs.ByCall} {
		t.Run(fmt.Sprint(placement), func(t *testing.T) {
			d := newDisk(t)
			d.Placement = placement
			d.SetCapacity(400 << 10)
			opts := onDisk(d, newHandClock())
			opts.SegmentSize, opts.CompactInterval = 128<<10, time.Hour
			s := mustOpen(t, opts)
			for i := range 2000 {
				key := "hot"
				if i%50 == 0 {
					key = fmt.Sprint("kept", i) // so no segment is all dead
				}
				require.NoError(t, s.Set(key, []byte(bulk(1000)), 0), i)
			}
			require.NoError(t, s.Update(func(tx *Tx) error { return tx.Set("0", []byte(bulk(1000)), 0) }))
			var err error
			for i := 0; err == nil; i++ {
				err = s.Set(fmt.Sprint("new", i), []byte(bulk(1000)), 0)
			}
			require.True(t, errors.Is(err, ErrNoSpace), "%v", err)
			require.NoError(t, s.Close())
		})
	}
}
