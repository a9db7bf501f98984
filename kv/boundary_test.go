package kv

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store/internal/record"
	"github.com/spcent/plumego/store/internal/segment"
)

// TestKeyLengths tries keys of 0, 1, the greatest number of bytes, and one
// more, in every method that takes one.
func TestKeyLengths(t *testing.T) {
	s := mustOpen(t, Options{DataDir: t.TempDir()})
	longest := strings.Repeat("k", MaxKeySize)
	for name, key := range map[string]string{"empty": "", "too long": longest + "k"} {
		for call, fn := range everyCall() {
			switch call {
			case "Sync", "Verify", "Scan", "ScanRange", "Incr":
				continue
			}
			require.ErrorIs(t, fn(s, key), ErrInvalidKey, "%s of a key that is %s", call, name)
		}
		_, err := s.Incr(key, 1, 0)
		require.ErrorIs(t, err, ErrInvalidKey, name)
		require.False(t, s.Exists(key))
	}
	require.Zero(t, s.Stats().LastSeq, "nothing was written")

	want := ledger{}
	for _, key := range []string{"k", "\x00", "\xff", longest[1:], longest, "not\xc3utf-8", "\x00\x00"} {
		require.NoError(t, s.Set(key, []byte("of "+key[:1]), 0))
		want[key] = holding{value: "of " + key[:1]}
	}
	requireHoldings(t, want, s, "odd keys")
	require.Equal(t, []string{longest}, collect(s.Keys(longest)), "a prefix may be a whole key")
	require.Equal(t, []string{"\xff"}, collect(s.Keys("\xff")), "a prefix that no string follows")
	require.NoError(t, s.Close())
	s = mustOpenAgain(t, Options{DataDir: s.engine.opts.DataDir})
	requireHoldings(t, want, s, "reopened")
	require.NoError(t, s.Delete(longest))
	require.False(t, s.Exists(longest))
	require.NoError(t, s.Close())
}

// TestValueLengths tries values of 0, the greatest number of bytes, and one
// more. A value that is too large changes nothing.
func TestValueLengths(t *testing.T) {
	const most = 5000
	opts := inDir(t.TempDir())
	opts.MaxValueSize = most
	s := mustOpen(t, opts)
	want := ledger{}
	for _, n := range []int{0, 1, 7, 8, 9, most - 1, most} {
		key, value := fmt.Sprint(n), strings.Repeat("v", n)
		require.NoError(t, s.Set(key, []byte(value), 0))
		want[key] = holding{value: value}
	}
	seq := s.Stats().LastSeq
	tooLarge := make([]byte, most+1)
	require.ErrorIs(t, s.Set("7", tooLarge, 0), ErrValueTooLarge)
	require.ErrorIs(t, s.SetUntil("7", tooLarge, someDay.AddDate(50, 0, 0)), ErrValueTooLarge)
	require.ErrorIs(t, s.SetUntil("7", tooLarge, time.Unix(1, 0)), ErrValueTooLarge, "also with a deadline that deletes")
	require.Equal(t, seq, s.Stats().LastSeq)
	for range 2 {
		requireHoldings(t, want, s, "the old values stand")
		require.NoError(t, s.Close())
		s = mustOpenAgain(t, opts)
	}
	require.NoError(t, s.Close())
}

// TestRecordAtTheEndOfASegment has a record end exactly where the segment is
// full, 8 bytes before, and 8 bytes after: only the last belongs into the
// next segment.
func TestRecordAtTheEndOfASegment(t *testing.T) {
	seal := record.Size(0, 16)
	room := minSegmentSize - segment.HeaderSize - seal - record.Size(1, 300)
	exact := int(room - record.HeaderSize - 1)
	for name, c := range map[string]struct {
		size     int
		segments int
	}{
		"ends 8 bytes before": {exact - 8, 1},
		"ends a byte before":  {exact - 1, 1},
		"ends exactly":        {exact, 1},
		"ends after":          {exact + 8, 2},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDisk(t)
			w := newScribe(t, d, newHandClock(), ledger{})
			w.set("a", strings.Repeat("v", 300), 0)
			w.set("b", strings.Repeat("v", c.size), 0)
			require.Equal(t, c.segments, w.s.Stats().Segments)
			for range 2 {
				w.set("c", "behind", 0)
				requireHoldings(t, w.book, w.s, name)
				killed := d.KillClone()
				w.reopen(d)
				s := mustOpenAgain(t, onDisk(killed, w.clock))
				requireHoldings(t, w.book, s, "killed")
				require.NoError(t, s.Close())
			}
			require.NoError(t, w.s.Close())
		})
	}
}

// TestRecordsLongerThanASegment writes some of all lengths around one.
func TestRecordsLongerThanASegment(t *testing.T) {
	d := newDisk(t)
	w := newScribe(t, d, newHandClock(), ledger{})
	for n := minSegmentSize - 200; n < minSegmentSize+200; n += 13 {
		w.set("short", "s", 0)
		w.set(fmt.Sprint(n), strings.Repeat("v", n), 0)
	}
	requireHoldings(t, w.book, w.s, "written")
	w.reopen(d)
	requireHoldings(t, w.book, w.s, "reopened")
	require.NoError(t, w.s.Close())
}

// TestTTLs gives the least and the greatest, and some that are none.
func TestTTLs(t *testing.T) {
	clock := newHandClock()
	opts := inDir(t.TempDir())
	opts.Now = clock.now
	s := mustOpen(t, opts)
	require.NoError(t, s.Set("key", []byte("old"), 0))
	for _, ttl := range []time.Duration{-1, -time.Hour, math.MinInt64} {
		require.ErrorIs(t, s.Set("key", []byte("new"), ttl), ErrInvalidTTL)
		require.ErrorIs(t, s.Expire("key", ttl), ErrInvalidTTL)
		_, err := s.Incr("counter", 1, ttl)
		require.ErrorIs(t, err, ErrInvalidTTL)
	}
	requireHoldings(t, ledger{"key": {value: "old"}}, s, "nothing was changed")

	require.NoError(t, s.Set("longest", nil, math.MaxInt64))
	left, err := s.TTL("longest")
	require.NoError(t, err)
	require.Greater(t, left, 290*365*24*time.Hour)
	require.NoError(t, s.Set("shortest", nil, 1))
	left, err = s.TTL("shortest")
	require.NoError(t, err)
	require.Equal(t, time.Millisecond, left)
	clock.pass(time.Millisecond)
	require.False(t, s.Exists("shortest"))
	require.True(t, s.Exists("longest"))
	require.NoError(t, s.Close())
}

// TestCounters counts to the ends of an int64, and in what is no number.
func TestCounters(t *testing.T) {
	s := mustOpen(t, inDir(t.TempDir()))
	for _, c := range []struct{ start, delta int64 }{
		{math.MaxInt64, 1}, {math.MaxInt64 - 1, 2}, {math.MinInt64, -1}, {1, math.MaxInt64}, {-2, math.MinInt64},
	} {
		text := fmt.Sprint(c.start)
		require.NoError(t, s.Set("counter", []byte(text), 0))
		_, err := s.Incr("counter", c.delta, 0)
		require.ErrorIs(t, err, ErrOverflow, "%d + %d", c.start, c.delta)
		requireHoldings(t, ledger{"counter": {value: text}}, s, "unchanged")
		sum, err := s.Incr("counter", 0, 0)
		require.NoError(t, err)
		require.Equal(t, c.start, sum)
	}
	for _, text := range []string{"", " 1", "1 ", "1.0", "0x10", "one", "9223372036854775808", strings.Repeat("1", 500)} {
		require.NoError(t, s.Set("counter", []byte(text), 0))
		_, err := s.Incr("counter", 1, 0)
		require.ErrorIs(t, err, ErrNotInteger, "%q", text)
	}
	require.NoError(t, s.Set("counter", bytes.Repeat([]byte("0"), 200), 0))
	sum, err := s.Incr("counter", -1, 0)
	require.NoError(t, err)
	require.Equal(t, int64(-1), sum, "leading zeros are decimal text too")
	require.NoError(t, s.Close())
}

// TestLargeSeq goes on behind a seq that a store would take ages to reach.
func TestLargeSeq(t *testing.T) {
	d := newDisk(t)
	clock := newHandClock()
	require.NoError(t, mustOpen(t, onDisk(d, clock)).Close())
	im := imageOf(t, d)
	const large = 1<<62 - 1000
	d = im.with("MANIFEST", editManifest(t, im["MANIFEST"], "seq 0", fmt.Sprintf("seq %d", uint64(large)))).disk(t)
	s := mustOpen(t, onDisk(d, clock))
	for i := range uint64(3) {
		require.NoError(t, s.Set("key", []byte(fmt.Sprint(i)), 0))
		for item, err := range s.Scan("") {
			require.NoError(t, err)
			require.Equal(t, uint64(large+1)+2*i, item.Version)
		}
		require.NoError(t, s.Expire("key", time.Hour))
		require.NoError(t, s.Close())
		s = mustOpenAgain(t, onDisk(d, clock))
		require.Equal(t, uint64(large+2)+2*i, s.Stats().LastSeq)
	}
	requireHoldings(t, ledger{"key": {"2", clock.in(time.Hour)}}, s, "at large")
	require.NoError(t, s.Close())

	// One from which it could wrap was not written by a store.
	im = im.with("MANIFEST", editManifest(t, im["MANIFEST"], "seq 0", fmt.Sprintf("seq %d", uint64(math.MaxUint64))))
	_, err := NewKVStore(onDisk(im.disk(t), clock))
	require.ErrorIs(t, err, ErrCorrupt)
}

// TestOptionsOutOfBounds opens with each option just beyond what it may be.
func TestOptionsOutOfBounds(t *testing.T) {
	dir := t.TempDir()
	for name, opts := range map[string]Options{
		"no directory":           {},
		"in memory and a path":   {InMemory: true, DataDir: dir},
		"in memory, read-only":   {InMemory: true, ReadOnly: true},
		"sync policy below":      {DataDir: dir, Sync: -1},
		"sync policy above":      {DataDir: dir, Sync: SyncNever + 1},
		"segments too small":     {DataDir: dir, SegmentSize: minSegmentSize - 1},
		"segments too large":     {DataDir: dir, SegmentSize: maxSegmentSize + 1},
		"values too small":       {DataDir: dir, MaxValueSize: -1},
		"values too large":       {DataDir: dir, MaxValueSize: maxMaxValue + 1},
		"negative sync interval": {DataDir: dir, SyncEvery: -1},
	} {
		_, err := NewKVStore(opts)
		require.ErrorIs(t, err, ErrInvalidOptions, name)
	}
	require.Empty(t, readAll(t, dir), "nothing was made")
}

// TestSegmentSizeMayChange opens a store with smaller and larger segments
// than it was written with, closed or killed in between.
func TestSegmentSizeMayChange(t *testing.T) {
	for name, killed := range map[string]bool{"closed": false, "killed": true} {
		t.Run(name, func(t *testing.T) {
			d, clock := newDisk(t), newHandClock()
			book := ledger{}
			for round, size := range []int64{8 << 10, minSegmentSize, 64 << 20, minSegmentSize, 2 << 10} {
				opts := onDisk(d, clock)
				opts.SegmentSize = size
				w := &scribe{t: t, s: mustOpen(t, opts), clock: clock, book: book}
				requireHoldings(t, book, w.s, "opened with another size")
				for i := range 30 {
					w.set(fmt.Sprint("key-", i%7, "-", round), strings.Repeat("v", i*10), 0)
				}
				requireHoldings(t, book, w.s, "written")
				if killed {
					d = d.KillClone()
				}
				require.NoError(t, w.s.Close())
			}
			s := mustOpen(t, onDisk(d, clock))
			requireHoldings(t, book, s, "at last")
			require.NoError(t, s.Close())
		})
	}
}
