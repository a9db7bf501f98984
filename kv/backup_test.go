package kv

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store/internal/vfs"
)

// TestBackupUnderLoad copies a store while writers and the compactor are at
// work. Each writer counts in two keys in turn, so that a copy which is not
// of one moment shows.
func TestBackupUnderLoad(t *testing.T) {
	s := mustOpen(t, Options{DataDir: t.TempDir(), Sync: SyncNever, SegmentSize: 16 << 10})
	stop := writeCounters(t, s)
	for i := range 5 {
		eventually(t, "there is something to copy", func() bool { return s.Stats().LastSeq > uint64(2000*(i+1)) })
		dir := filepath.Join(t.TempDir(), "copy")
		acknowledged := readCounters(t, s)
		require.NoError(t, s.Backup(context.Background(), dir))
		requireCounters(t, dir, acknowledged)
	}
	stop()
	require.NotZero(t, s.Stats().Compactions)
	require.Zero(t, s.Stats().PinnedBytes)
	require.NoError(t, s.Close())
}

// writeCounters has four writers count, each in two keys in turn, until stop
// is called, which waits for them.
func writeCounters(t *testing.T, s *KVStore) (stop func()) {
	done := make(chan struct{})
	var all sync.WaitGroup
	for w := range 4 {
		all.Go(func() {
			for i := 1; ; i++ {
				select {
				case <-done:
					return
				default:
				}
				for _, key := range []string{"first", "second"} {
					value := fmt.Sprintf("%d %s", i, make([]byte, 100))
					if err := s.Set(fmt.Sprint(key, w), []byte(value), time.Hour); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	return func() { close(done); all.Wait() }
}

// requireCounters opens a copy, which must be of one moment, no earlier than
// what had been acknowledged, and a good store.
func requireCounters(t *testing.T, dir string, acknowledged map[string]int) {
	t.Helper()
	c := mustOpen(t, Options{DataDir: dir})
	require.True(t, c.Stats().Recovery.Clean)
	_, err := c.Verify(context.Background())
	require.NoError(t, err)
	copied := readCounters(t, c)
	for w := range 4 {
		first, second := copied[fmt.Sprint("first", w)], copied[fmt.Sprint("second", w)]
		require.Contains(t, []int{0, 1}, first-second, "a copy of two moments")
		require.GreaterOrEqual(t, first, acknowledged[fmt.Sprint("first", w)])
		require.GreaterOrEqual(t, second, acknowledged[fmt.Sprint("second", w)])
	}
	require.NoError(t, c.Set("new", []byte("write"), 0))
	require.NoError(t, c.Close())
}

func readCounters(t *testing.T, s *KVStore) map[string]int {
	t.Helper()
	got := map[string]int{}
	require.NoError(t, s.View(func(n *Snapshot) error {
		for item, err := range n.Scan("") {
			if err != nil {
				return err
			}
			text, _, _ := strings.Cut(string(item.Value), " ")
			i, err := strconv.Atoi(text)
			if err != nil {
				return err
			}
			got[item.Key] = i
		}
		return nil
	}))
	return got
}

// TestABackupIsDurable cuts the power when Backup has returned.
func TestABackupIsDurable(t *testing.T) {
	for _, rotated := range []bool{false, true} {
		d := newDisk(t)
		clock := newHandClock()
		opts := onDisk(d, clock)
		opts.Sync = SyncNever
		if rotated {
			opts.later = never
		}
		w := newScribeWith(t, opts, clock, ledger{})
		for i := range 40 {
			w.set(fmt.Sprint(i%7), fmt.Sprint(i, string(make([]byte, 90))), time.Duration(i%2)*time.Hour)
		}
		w.delete("3")
		w.expire("4", time.Minute)
		require.NoError(t, w.s.Backup(context.Background(), "copy"))
		left := d.CrashClone(nil, vfs.DropAll)
		require.NoError(t, w.s.Close())
		opts = onDisk(left, clock)
		opts.DataDir = "copy"
		c := mustOpen(t, opts)
		require.True(t, c.Stats().Recovery.Clean)
		requireHoldings(t, w.book, c, "the copy")
		require.NoError(t, c.Close())
	}
}

func TestBackupRefuses(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, Options{InMemory: true})
	require.NoError(t, s.Set("key", []byte("value"), 0))
	full := filepath.Join(dir, "full")
	require.NoError(t, os.Mkdir(full, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(full, "notes"), nil, 0o600))
	require.ErrorIs(t, s.Backup(context.Background(), full), ErrNotAStore)
	require.Error(t, s.Backup(context.Background(), filepath.Join(dir, "no", "parent")))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	require.ErrorIs(t, s.Backup(ctx, filepath.Join(dir, "stopped")), context.Canceled)
	_, err := NewKVStore(Options{DataDir: filepath.Join(dir, "stopped"), ReadOnly: true})
	require.Error(t, err, "half a copy is no store")

	require.NoError(t, s.Backup(context.Background(), filepath.Join(dir, "good")))
	require.NoError(t, s.Close())
	require.ErrorIs(t, s.Backup(context.Background(), filepath.Join(dir, "late")), ErrStoreClosed)
	c := mustOpen(t, Options{DataDir: filepath.Join(dir, "good")})
	got, err := c.Get("key")
	require.NoError(t, err)
	require.Equal(t, "value", string(got))
	require.NoError(t, c.Close())
}
