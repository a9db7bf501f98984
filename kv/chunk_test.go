package kv

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// chunky returns a store of keys in order whose values have lengths around
// what a chunk takes, and the values.
func chunky(t *testing.T, opts Options) (*KVStore, [][]byte) {
	t.Helper()
	opts.Sync = SyncNever
	s := mustOpen(t, opts)
	var values [][]byte
	sizes := append(slices.Repeat([]int{7}, 5*chunkItems), 0, 1, 100, chunkBytes-1, chunkBytes, chunkBytes+1, 2*chunkBytes, 0, 0, 3000)
	for i := range 3 * len(sizes) {
		size := sizes[i%len(sizes)]
		value := bytes.Repeat([]byte{byte(i), byte(i >> 8)}, size)[:size]
		require.NoError(t, s.Set(fmt.Sprintf("key-%05d", i), value, 0))
		values = append(values, value)
	}
	return s, values
}

// TestItemsOfAScanAreTheirOwn: values that were read together can be appended
// to, and written into, without a trace in another.
func TestItemsOfAScanAreTheirOwn(t *testing.T) {
	for name, opts := range map[string]Options{"memory": {InMemory: true}, "files": {DataDir: t.TempDir()}} {
		t.Run(name, func(t *testing.T) {
			s, want := chunky(t, opts)
			var items []Item
			for item, err := range s.Scan("") {
				require.NoError(t, err)
				require.NotNil(t, item.Value)
				_ = append(item.Value, "not of the next value"...)
				items = append(items, item)
			}
			require.Len(t, items, len(want))
			for i, item := range items {
				require.Equal(t, fmt.Sprintf("key-%05d", i), item.Key)
				require.True(t, bytes.Equal(want[i], item.Value), "value %d", i)
				clear(item.Value)
				if i+1 < len(items) {
					require.True(t, bytes.Equal(want[i+1], items[i+1].Value), "value %d after one was cleared", i+1)
				}
				got, err := s.Get(item.Key)
				require.NoError(t, err)
				require.True(t, bytes.Equal(want[i], got), "value %d in the store", i)
			}
			require.NoError(t, s.Close())
		})
	}
}

// TestAScanStopsAtDamage yields all that comes before a damaged value, and
// then says where the damage is.
func TestAScanStopsAtDamage(t *testing.T) {
	for _, bad := range []int{0, 1, 2, 30, 99} {
		dir := t.TempDir()
		s := mustOpen(t, Options{DataDir: dir, Sync: SyncNever})
		for i := range 100 {
			require.NoError(t, s.Set(fmt.Sprintf("key-%02d", i), fmt.Appendf(nil, "value-%02d", i), 0))
		}
		files, err := filepath.Glob(filepath.Join(dir, "*.seg"))
		require.NoError(t, err)
		overwriteOnce(t, files, fmt.Sprintf("value-%02d", bad), "VALUE")
		var last error
		n := 0
		for item, err := range s.Scan("") {
			if last = err; err == nil {
				require.Equal(t, fmt.Sprintf("key-%02d", n), item.Key)
				n++
			}
		}
		require.ErrorIs(t, last, ErrCorrupt)
		require.Equal(t, bad, n)
		_ = s.Close()
	}
}

// overwriteOnce writes new over the beginning of old, which one of the files
// has once.
func overwriteOnce(t *testing.T, files []string, old, new string) {
	t.Helper()
	for _, name := range files {
		data, err := os.ReadFile(name)
		require.NoError(t, err)
		at := bytes.Index(data, []byte(old))
		if at < 0 {
			continue
		}
		f, err := os.OpenFile(name, os.O_WRONLY, 0)
		require.NoError(t, err)
		_, err = f.WriteAt([]byte(new), int64(at))
		require.NoError(t, err)
		require.NoError(t, f.Close())
		return
	}
	t.Fatalf("no file has %q", old)
}

// TestCloseWaitsForWhoCopies stops a scan between its look whether it may
// read and the reading: neither the snapshot nor the store may be gone before
// it has read.
func TestCloseWaitsForWhoCopies(t *testing.T) {
	for name, finish := range map[string]func(*KVStore, *Snapshot) error{
		"the snapshot is closed": func(_ *KVStore, n *Snapshot) error { return n.Close() },
		"the store is closed":    func(s *KVStore, _ *Snapshot) error { return s.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			stopped, goOn := make(chan bool), make(chan bool)
			opts := Options{InMemory: true} // so that closing has no disk to wait for
			opts.reads = func() {
				stopped <- true
				<-goOn
			}
			s := mustOpen(t, opts)
			require.NoError(t, s.Set("key", []byte("value"), 0))
			n := mustSnapshot(t, s)

			var closed atomic.Bool
			read, done := make(chan bool), make(chan bool)
			go func() {
				defer close(read)
				for item, err := range n.Scan("") {
					if err == nil && string(item.Value) != "value" {
						t.Errorf("got %q", item.Value)
					}
				}
			}()
			<-stopped
			go func() {
				defer close(done)
				_ = finish(s, n)
				closed.Store(true)
			}()
			for n.usable() == nil {
				runtime.Gosched()
			}
			for range 100_000 { // long enough for who does not wait
				runtime.Gosched()
			}
			require.False(t, closed.Load())
			close(goOn)
			<-read
			<-done
			_ = s.Close()
		})
	}
}
