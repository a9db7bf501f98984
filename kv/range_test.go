package kv

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestScanRange asks for ranges of keys that begin each other and of bytes
// at the ends of their range, forward and backward, of the store and of a
// snapshot.
func TestScanRange(t *testing.T) {
	s := mustOpen(t, Options{InMemory: true})
	keys := []string{"\x00", "\x00\x00", "a", "a\x00", "a\x00\x00", "aa", "ab", "b", "b\xff", "b\xff\xff", "c", "\xff", "\xff\xff"}
	for _, key := range keys {
		require.NoError(t, s.Set(key, []byte("of "+key), 0))
	}
	for _, c := range []struct {
		name, from, to string
		want           []string
	}{
		{"all", "", "", keys},
		{"from the first", "\x00", "", keys},
		{"up to a key, which is left out", "", "a", keys[:2]},
		{"from a key, which is in it", "a", "b", keys[2:7]},
		{"from between two", "a\x00\x01", "b", keys[5:7]},
		{"up to between two", "aa", "az", keys[5:7]},
		{"the least there is", "a", "a\x00", keys[2:3]},
		{"behind a prefix", "b\xff", "c", keys[8:10]},
		{"from the last on", "\xff\xff", "", keys[12:]},
		{"behind the last", "\xff\xff\x00", "", nil},
		{"before the first", "", "\x00", nil},
		{"empty", "a", "a", nil},
		{"inverted", "b", "a", nil},
		{"inverted, between keys", "az", "ac", nil},
	} {
		n := mustSnapshot(t, s)
		back := slices.Clone(c.want)
		slices.Reverse(back)
		require.Equal(t, c.want, keysOf(t, s.ScanRange(c.from, c.to)), c.name)
		require.Equal(t, c.want, keysOf(t, n.ScanRange(c.from, c.to)), c.name)
		require.Equal(t, back, keysOf(t, s.ScanRange(c.from, c.to, Reverse())), c.name)
		require.Equal(t, back, keysOf(t, n.ScanRange(c.from, c.to, Reverse())), c.name)
		require.NoError(t, n.Close())
	}
	for prefix, want := range map[string][]string{"a": keys[2:7], "a\x00": keys[3:5], "\xff": keys[11:], "b\xff": keys[8:10], "zz": nil} {
		require.Equal(t, want, keysOf(t, s.Scan(prefix)), "prefix %q", prefix)
	}
	require.NoError(t, s.Close())
}

// TestScanIsOfItsFirstStep changes the store in the loop, over several
// batches, and the loop sees none of it. A second loop over the same sequence
// begins anew.
func TestScanIsOfItsFirstStep(t *testing.T) {
	const keys = 2000
	s := mustOpen(t, Options{InMemory: true, Sync: SyncNever})
	want := ledger{}
	for i := range keys {
		want[fmt.Sprintf("key-%04d", i)] = holding{value: "old"}
		require.NoError(t, s.Set(fmt.Sprintf("key-%04d", i), []byte("old"), 0))
	}
	items := s.Scan("key-")
	got, i := ledger{}, 0
	for item, err := range items {
		require.NoError(t, err)
		got[item.Key] = holding{value: string(item.Value)}
		require.NoError(t, s.Delete(fmt.Sprintf("key-%04d", keys-1-i)))
		require.NoError(t, s.Set(fmt.Sprintf("key-%04d+", i), []byte("new"), 0))
		require.NoError(t, s.Set(fmt.Sprintf("key-%04d", i/2), []byte("new"), 0))
		i++
	}
	require.Equal(t, want, got)
	require.Zero(t, s.Stats().Snapshots)
	require.Equal(t, s.Len(), len(keysOf(t, items)), "the second time")
	require.NoError(t, s.Close())
}

// TestScanLetsGo ends loops in every way.
func TestScanLetsGo(t *testing.T) {
	s := mustOpen(t, Options{InMemory: true})
	require.NoError(t, s.Set("a", nil, 0))
	require.NoError(t, s.Set("b", nil, 0))
	for range s.Scan("") {
		require.Equal(t, 1, s.Stats().Snapshots)
		break
	}
	require.Zero(t, s.Stats().Snapshots, "after break")
	require.Panics(t, func() {
		for range s.ScanRange("", "") {
			panic("in a loop")
		}
	})
	require.Zero(t, s.Stats().Snapshots, "after panic")
	n := mustSnapshot(t, s)
	var err error
	for _, err = range n.Scan("") {
		_ = n.Close()
	}
	require.ErrorIs(t, err, ErrSnapshotClosed, "closed in the loop")
	for _, err = range s.Scan("") {
		_ = s.Close()
	}
	require.ErrorIs(t, err, ErrStoreClosed, "closed in the loop")
	require.NoError(t, s.Close(), "a scan is no leak")
}
