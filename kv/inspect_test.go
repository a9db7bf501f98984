package kv

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestInspectAddsUp holds what Inspect says of the segments to Stats.
func TestInspectAddsUp(t *testing.T) {
	m := newSample(t, true, false)
	d := m.disk(t)
	opts := onDisk(d, m.clock)
	opts.ReadOnly = true
	s := mustOpen(t, opts)
	infos, err := s.Inspect(context.Background())
	require.NoError(t, err)
	st := s.Stats()
	require.Len(t, infos, st.Segments)
	var sum SegmentInfo
	var latest time.Time
	for i, info := range infos {
		require.Equal(t, i < len(infos)-1, info.Sealed)
		require.False(t, info.Created.Before(someDay))
		require.NotNil(t, m.image[info.File])
		sum.Bytes += info.Bytes
		rest := info.Bytes - info.Live - info.Dead // header and seal
		require.Equal(t, map[bool]int64{false: 64, true: 64 + 56}[info.Sealed], rest)
		sum.Keys += info.Keys
		if info.Latest.After(latest) {
			latest = info.Latest
		}
	}
	require.Equal(t, st.DiskBytes, sum.Bytes)
	require.Equal(t, int64(st.Keys), sum.Keys)
	require.Equal(t, someDay.Add(2*time.Hour).UnixMilli(), latest.UnixMilli(), "session:2 was given two hours")

	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = s.Inspect(ctx)
	require.ErrorIs(t, err, context.Canceled)
	require.NoError(t, s.Close())
	_, err = s.Inspect(context.Background())
	require.ErrorIs(t, err, ErrStoreClosed)
}
