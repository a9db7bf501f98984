package kv

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store/internal/vfs"
)

// atEndOfRead runs fn once, when Verify has read its first segment.
func atEndOfRead(d *vfs.Disk, fn func()) {
	d.SetHook(func(op vfs.Op) error {
		if op.Kind == vfs.OpClose && isSegment(op.Name) {
			d.SetHook(nil)
			fn()
		}
		return nil
	})
}

// TestVerifyBesideAWaitingWrite verifies a store in which a write waits for
// its sync, and lets it become visible before the verdict. That is no defect.
func TestVerifyBesideAWaitingWrite(t *testing.T) {
	d := newDisk(t)
	s := mustOpen(t, onDisk(d, newHandClock()))
	require.NoError(t, s.Set("visible", nil, 0))
	syncing, synced, acked := make(chan struct{}), make(chan struct{}), make(chan struct{})
	d.SetHook(func(op vfs.Op) error {
		if op.Kind == vfs.OpFileSync && isSegment(op.Name) {
			close(syncing)
			<-synced
		}
		return nil
	})
	go func() {
		defer close(acked)
		assert.NoError(t, s.Set("waiting", nil, 0))
	}()
	<-syncing
	atEndOfRead(d, func() {
		close(synced)
		<-acked
	})
	_, err := s.Verify(context.Background())
	require.NoError(t, err)
	require.NoError(t, s.Close())
}

// TestVerifyBesideASweep has a key expire and be swept while Verify reads, so
// soon after another sweep that no mark in the log tells of it.
func TestVerifyBesideASweep(t *testing.T) {
	d, clock := newDisk(t), newHandClock()
	s := mustOpen(t, onDisk(d, clock))
	require.NoError(t, s.Set("shorter", nil, time.Millisecond))
	clock.pass(time.Millisecond)
	require.Zero(t, s.Len())
	require.NoError(t, s.Set("short", nil, time.Millisecond))
	require.NoError(t, s.Set("long", nil, 0))
	atEndOfRead(d, func() {
		clock.pass(time.Millisecond)
		assert.Equal(t, 1, s.Len())
	})
	_, err := s.Verify(context.Background())
	require.NoError(t, err)
	require.NoError(t, s.Close())
}

// TestVerifyFindsEveryFlippedByte damages an open store's files and wants
// the file named.
func TestVerifyFindsEveryFlippedByte(t *testing.T) {
	m := newSample(t, true, false)
	for _, file := range m.names() {
		if !isSegment(file) {
			continue
		}
		for at := 0; at < len(m.image[file]); at += 11 {
			d := m.disk(t)
			s := mustOpen(t, onDisk(d, m.clock))
			damaged := append([]byte(nil), m.image[file]...)
			damaged[at] ^= 0x80
			require.NoError(t, d.WriteFile(imageDir, file, damaged))
			report, err := s.Verify(context.Background())
			require.ErrorIs(t, err, ErrCorrupt, "byte %d of %s", at, file)
			require.Len(t, report.Defects, 1)
			require.Contains(t, report.Defects[0].File, file)
			require.NoError(t, s.Close())
		}
	}
}

// TestVerifyCanBeStopped cancels its context.
func TestVerifyCanBeStopped(t *testing.T) {
	s := mustOpen(t, inDir(t.TempDir()))
	require.NoError(t, s.Set("key", nil, 0))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := s.Verify(ctx)
	require.ErrorIs(t, err, context.Canceled)
	require.NoError(t, s.Close())
}
