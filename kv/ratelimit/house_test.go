package ratelimit_test

import (
	"context"
	"fmt"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store/kv"
	"github.com/spcent/plumego/store/kv/ratelimit"
)

// limiter is what all three are.
type limiter interface {
	Allow(client string) (ratelimit.Decision, error)
}

const (
	limit  = 4
	window = 100 * time.Millisecond
)

// maker makes a limiter of one kind that allows limit requests at once, and
// allows them anew after window.
type maker struct {
	name string
	make func(*kv.KVStore) (limiter, error)
}

func makers() []maker {
	return []maker{
		{"fixed window", func(s *kv.KVStore) (limiter, error) {
			return ratelimit.NewFixedWindow(s, "fixed:", limit, window)
		}},
		{"sliding window", func(s *kv.KVStore) (limiter, error) {
			return ratelimit.NewSlidingWindow(s, "sliding:", limit, window)
		}},
		{"GCRA", func(s *kv.KVStore) (limiter, error) {
			return ratelimit.NewGCRA(s, "gcra:", window/limit, limit)
		}},
	}
}

// house is a store with a clock that is moved by hand, which can be closed or
// killed and opened again, and a limiter on it.
type house struct {
	testing.TB
	kind  maker
	nanos atomic.Int64
	dir   string
	store *kv.KVStore
	limiter
}

func newHouse(t testing.TB, kind maker) *house {
	h := &house{TB: t, kind: kind, dir: t.TempDir()}
	h.nanos.Store(time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC).UnixNano())
	h.open()
	t.Cleanup(func() {
		_, err := h.store.Verify(context.Background())
		require.NoError(t, err)
		require.NoError(t, h.store.Close())
	})
	return h
}

func (h *house) now() time.Time       { return time.Unix(0, h.nanos.Load()) }
func (h *house) pass(d time.Duration) { h.nanos.Add(int64(d)) }

func (h *house) open() {
	s, err := kv.NewKVStore(kv.Options{DataDir: h.dir, Now: h.now, Sync: kv.SyncNever, SegmentSize: 64 << 10})
	require.NoError(h, err)
	h.store = s
	h.limiter, err = h.kind.make(s)
	require.NoError(h, err)
}

// restart closes the store and opens it again.
func (h *house) restart() {
	require.NoError(h, h.store.Close())
	h.open()
}

// kill goes on with what the files hold at this moment, as after the death of
// the process.
func (h *house) kill() {
	dir := h.copied()
	require.NoError(h, h.store.Close())
	h.dir = dir
	h.open()
}

// copied returns a copy of the store's directory in which nothing was going
// on: a compaction, or a hint that is made behind, is let finish first.
func (h *house) copied() string {
	for {
		dir, before := h.TempDir(), h.listing()
		err := os.CopyFS(dir, os.DirFS(h.dir))
		if err == nil && before == h.listing() {
			return dir
		}
	}
}

// listing returns the names of the directory's files, with their sizes and
// when they were written.
func (h *house) listing() (list string) {
	entries, err := os.ReadDir(h.dir)
	require.NoError(h, err)
	for _, entry := range entries {
		if info, err := entry.Info(); err == nil {
			list += fmt.Sprintln(info.Name(), info.Size(), info.ModTime().UnixNano())
		}
	}
	return list
}

// ask returns the decision on a request of one client.
func (h *house) ask() ratelimit.Decision {
	h.Helper()
	d, err := h.Allow("client")
	require.NoError(h, err)
	return d
}
