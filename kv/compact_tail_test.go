package kv

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store/internal/segment"
)

// TestATailThatACompactionReliedOn puts the open segment back to what it was
// before a value was overwritten there, as a copy of the directory that was
// made file by file may have it. The compaction has dropped the older value
// meanwhile, because the newer was durable: without the newer there is none,
// and the store must not open as if there never had been one.
func TestATailThatACompactionReliedOn(t *testing.T) {
	d := newDisk(t)
	w := newScribe(t, d, newHandClock(), ledger{})
	w.set("key", "older", 0)
	fillSegments(t, w.s, 2)
	early := imageOf(t, d)
	w.set("key", "newer", 0)
	require.NoError(t, w.s.Compact(context.Background()))
	late := imageOf(t, d)
	require.NoError(t, w.s.Close())

	listed := strings.Split(string(early[segment.ManifestName]), "\nsegment ")
	active := listed[len(listed)-1][:16] + ".seg"
	require.Contains(t, late, active)
	late[active] = early[active]
	s, err := NewKVStore(onDisk(late.disk(t), w.clock))
	if err != nil {
		require.ErrorIs(t, err, ErrCorrupt)
		return
	}
	value, err := s.Get("key")
	require.NoError(t, err, "opened without either value")
	t.Logf("opened with %q", value)
	require.NoError(t, s.Close())
}
