package kv

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store/internal/segment"
	"github.com/spcent/plumego/store/internal/vfs"
)

// The caches are the files that only save time: the saved index and the hints
// of segments. These tests leave them out, damage them, and give a store those
// of others, T12b: nothing may change but the figures of the recovery.

// sampleWithCaches returns a sample that is calm enough to have hints. A
// killed one has no saved index.
func sampleWithCaches(t testing.TB, closed bool) *sample {
	m := newSampleOf(t, closed, false, atOnce, (*sample).writeCalmly)
	require.Greater(t, len(m.caches), 3, "hints")
	_, indexed := m.caches[segment.IndexName]
	require.Equal(t, closed, indexed)
	return m
}

// writeCalmly tells a life in which little becomes useless.
func (m *sample) writeCalmly(d *vfs.Disk) {
	for i := range 40 {
		m.set(fmt.Sprintf("session:%d", i), fmt.Sprintf("value %d of a session", i), time.Hour)
		if i%10 == 5 {
			m.expire(fmt.Sprintf("session:%d", i-1), 2*time.Hour)
			m.incr("counter", 7, 0)
		}
	}
	m.set("gone", "a value that expires, and must not come back", time.Minute)
	m.delete("session:3")
	m.reopen(d)
	m.pass(2 * time.Minute)
	m.set("session:3", "born again", 0)
	m.expire("session:4", 0)
	m.set("empty", "", 0)
	m.set("binary\x00\xff", "\x00\x01\xfe\xff", 0)
	m.set("hot", string(make([]byte, 1500)), 0)
	m.set("hot", "cold", 0)
	for i := range 12 {
		m.set(fmt.Sprintf("key:%d", i), fmt.Sprintf("value %d", i), time.Duration(i)*time.Hour)
	}
	m.delete("session:6")
	m.set("last", "the first value", time.Hour)
	m.reopen(d)
	m.keep(imageOf(m.t, d)) // a saved index with as many segments as the last
	m.set("last", "the last value", time.Hour)
}

// and returns an image with other files added.
func (im image) and(files image) image {
	im = maps.Clone(im)
	maps.Copy(im, files)
	return im
}

// openImage opens a store from files.
func (m *sample) openImage(t *testing.T, im image) (*KVStore, *vfs.Disk) {
	t.Helper()
	d := im.disk(t)
	return mustOpen(t, onDisk(d, m.clock)), d
}

// TestCachesAreUsed counts what opening was spared.
func TestCachesAreUsed(t *testing.T) {
	m := sampleWithCaches(t, true)
	for name, c := range map[string]struct {
		image
		indexed, hinted bool
	}{
		"all":             {m.and(m.caches), true, false},
		"hints alone":     {m.and(m.caches).without(segment.IndexName), false, true},
		"the index alone": {m.with(segment.IndexName, m.caches[segment.IndexName]), true, false},
		"none":            {m.image, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			s, _ := m.openImage(t, c.image)
			r := s.Stats().Recovery
			require.Equal(t, c.indexed, r.IndexLoaded)
			require.Equal(t, c.indexed, r.Records == 0)
			require.Equal(t, c.hinted, r.Hints > 0)
			require.Zero(t, r.Ignored)
			requireHoldings(t, m.last(0), s, name)
			_, err := s.Verify(context.Background())
			require.NoError(t, err)
			require.NoError(t, s.Close())
		})
	}
}

// TestACacheIsSavedAgain reopens a store again and again, with and without
// changes between, and with its saved index taken away.
func TestACacheIsSavedAgain(t *testing.T) {
	m := sampleWithCaches(t, true)
	d := m.and(m.caches).disk(t)
	want := maps.Clone(m.last(0))
	for round := range 12 {
		s := mustOpen(t, onDisk(d, m.clock))
		require.Equal(t, round%4 != 3, s.Stats().Recovery.IndexLoaded, "round %d", round)
		requireHoldings(t, want, s, fmt.Sprint("round ", round))
		if round%2 == 1 {
			key := fmt.Sprint("round:", round)
			require.NoError(t, s.Set(key, []byte("value"), 0))
			require.NotContains(t, imageOf(t, d), segment.IndexName, "a saved index beside newer records")
			want[key] = holding{value: "value"}
			require.NoError(t, s.Delete("session:7"))
			delete(want, "session:7")
			require.NoError(t, s.Expire("hot", time.Hour))
			want["hot"] = holding{want["hot"].value, m.clock.millis() + time.Hour.Milliseconds()}
		}
		require.NoError(t, s.Close())
		if round%4 == 2 {
			dir, err := d.OpenDir(imageDir)
			require.NoError(t, err)
			require.NoError(t, dir.Remove(segment.IndexName))
			require.NoError(t, dir.Close())
		}
	}
}

// TestDamagedCaches damages the caches in every way of T11 and every bit of
// T10: the store must serve what it served, and count what it did not use.
func TestDamagedCaches(t *testing.T) {
	for name, closed := range map[string]bool{"closed": true, "killed": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := sampleWithCaches(t, closed)
			whole := m.and(m.caches)
			n, ignored := 0, 0
			for name := range m.caches {
				for label, damaged := range m.cacheDamages(name) {
					label := name + " " + label
					im := whole.with(name, damaged)
					if name != segment.IndexName {
						im = im.without(segment.IndexName) // or no hint is read
					}
					require.Equal(t, right, m.judge(t, im, label), label)
					s, _ := m.openImage(t, im)
					require.Equal(t, 1, s.Stats().Recovery.Ignored, label)
					require.NoError(t, s.Close())
					ignored++
					n++
				}
				require.Equal(t, right, m.judge(t, whole.without(name), name+" missing"))
				n++
			}
			t.Logf("T12b: %d damages to %d caches, %d ignored, 0 differ", n, len(m.caches), ignored)
		})
	}
}

// cacheDamages yields what a cache may have become.
func (m *sample) cacheDamages(name string) iter.Seq2[string, []byte] {
	data := m.caches[name]
	return func(yield func(string, []byte) bool) {
		ok := yield("zeroed", make([]byte, len(data))) &&
			yield("extended", append(bytes.Clone(data), 0)) &&
			yield("extended by itself", append(bytes.Clone(data), data...))
		for n := range places(len(data), 8) {
			ok = ok && yield(fmt.Sprintf("cut to %d bytes", n), data[:n]) &&
				yield(fmt.Sprintf("zeroed from byte %d on", n), append(bytes.Clone(data[:n]), make([]byte, len(data)-n)...))
		}
		for bit := range places(8*len(data), 5) {
			flipped := bytes.Clone(data)
			flipped[bit/8] ^= 1 << (bit % 8)
			ok = ok && yield(fmt.Sprintf("bit %d flipped", bit), flipped)
		}
		for other, d := range m.caches {
			ok = ok && (other == name || yield("is that of "+other, d))
		}
	}
}

// TestForeignAndOlderCaches gives a store every cache that it, and another one
// with the same names, ever had.
func TestForeignAndOlderCaches(t *testing.T) {
	m := sampleWithCaches(t, true)
	other := newSampleOf(t, true, false, atOnce, func(m *sample, d *vfs.Disk) {
		m.set("strange", "value", 0)
		m.writeCalmly(d)
	})
	n := 0
	for _, from := range []*sample{m, other} {
		for name, versions := range from.versions {
			if !isCache(name) {
				continue
			}
			for data := range versions {
				im := m.with(name, []byte(data))
				label := fmt.Sprintf("%s, %d bytes", name, len(data))
				require.Equal(t, right, m.judge(t, im, label), label)
				n++
			}
		}
	}
	require.Greater(t, n, 10)
	t.Logf("T12b: %d older and foreign caches, 0 differ", n)
}

// TestDamageBehindSoundCaches flips the bits of segments that opening does not
// read any more. What is served must be right; a value that is not must be an
// error, and Verify must name the file.
func TestDamageBehindSoundCaches(t *testing.T) {
	for name, caches := range map[string]func(*sample) image{
		"the saved index": func(m *sample) image { return m.caches },
		"hints":           func(m *sample) image { return m.caches.without(segment.IndexName) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := sampleWithCaches(t, true)
			var count tally
			noticed := 0
			for _, file := range m.names() {
				if !isSegment(file) {
					continue
				}
				data := m.image[file]
				for bit := range places(8*len(data), 3) {
					flipped := bytes.Clone(data)
					flipped[bit/8] ^= 1 << (bit % 8)
					label := fmt.Sprintf("bit %d of %s", bit, file)
					im := m.and(caches(m)).with(file, flipped)
					if m.serves(t, im, file, label) {
						noticed++
					} else {
						count[refused]++
					}
				}
			}
			t.Logf("%d bits refused at the open, %d met by Verify", count[refused], noticed)
		})
	}
}

// serves reports whether a damaged image opens; then it must serve nothing
// that is wrong.
func (m *sample) serves(t *testing.T, im image, file, label string) bool {
	t.Helper()
	s, err := NewKVStore(onDisk(im.disk(t), m.clock))
	if err != nil {
		requireRefusal(t, err, label)
		return false
	}
	want := m.last(0)
	require.Equal(t, len(want), s.Len(), label)
	for key, h := range want {
		got, err := s.Get(key)
		if err != nil {
			require.ErrorIs(t, err, ErrCorrupt, label)
			continue
		}
		require.Equal(t, h.value, string(got), label)
	}
	r, err := s.Verify(context.Background())
	var c *CorruptError
	require.True(t, errors.As(err, &c) && len(r.Defects) > 0, "%s: Verify says %v", label, err)
	require.Contains(t, c.File, file, label)
	require.NoError(t, s.Close(), label)
	return true
}

// TestASavedIndexThatFailsLater has the file of the saved index fail after it
// was found whole: the store closes itself before it says anything wrong, and
// the next open reads the log.
func TestASavedIndexThatFailsLater(t *testing.T) {
	image, opts, key := bigIndex(t)
	failed, first, apart := 0, 0, 9
	if timeIsDear() {
		apart = 27
		first = randomFor(t.Name()).IntN(apart)
	}
	for reads := first; ; reads += apart {
		opts.fs = image.disk(t)
		n := failReads(opts.fs.(*vfs.Disk), segment.IndexName, reads)
		s := mustOpen(t, opts)
		loaded := s.engine.saved.image != nil
		for i := 0; i < bigKeys; i += 7 {
			got, err := s.Get(key(i))
			if err == nil {
				isBigValue(t, i, got)
				continue
			}
			require.ErrorIs(t, err, ErrStoreClosed)
			require.ErrorIs(t, s.Delete(key(i)), ErrStoreClosed)
			require.ErrorIs(t, s.Set(key(i), nil, 0), ErrStoreClosed)
			require.ErrorIs(t, s.Compact(context.Background()), ErrStoreClosed)
			_, err = s.Inspect(context.Background())
			require.ErrorIs(t, err, ErrStoreClosed)
		}
		err := s.Close()
		opts.fs.(*vfs.Disk).SetHook(nil)
		if err != nil {
			require.ErrorIs(t, err, errIO)
			require.True(t, loaded)
			failed++
		}
		s = mustOpen(t, opts)
		require.Equal(t, err == nil, s.engine.recovery.IndexLoaded, "the log is read after a failure")
		for i := range bigKeys {
			got, err := s.Get(key(i))
			if err != nil {
				t.Fatal(err)
			}
			isBigValue(t, i, got)
		}
		require.NoError(t, s.Close())
		if n.Load() <= int64(reads) {
			break // it never failed
		}
	}
	require.Greater(t, failed, 5*9/apart)
	t.Logf("%d stores closed themselves, reads fail from number %d on, -seed %d", failed, first, *seed)
}

// TestVerifyOfAnIndexThatFails has the saved index fail when Verify has read
// the files: that is no contradiction between the two.
func TestVerifyOfAnIndexThatFails(t *testing.T) {
	im, opts, _ := bigIndex(t)
	opts.fs, opts.later = im.disk(t), atOnce
	all := failReads(opts.fs.(*vfs.Disk), segment.IndexName, math.MaxInt)
	require.NoError(t, mustOpen(t, opts).Close())

	d := im.disk(t)
	opts.fs, opts.later = d, nil
	var reads, verified atomic.Int64
	free := make(chan struct{})
	d.SetHook(func(op vfs.Op) error {
		switch {
		case op.Kind == vfs.OpClose && isSegment(op.Name):
			verified.Add(1)
		case op.Kind == vfs.OpRead && op.Name == segment.IndexName && reads.Add(1) == all.Load():
			<-free
			return errIO
		}
		return nil
	})
	s := mustOpen(t, opts)
	segments := int64(s.engine.recovery.Segments)
	result := make(chan error, 1)
	go func() {
		_, err := s.Verify(context.Background())
		result <- err
	}()
	eventually(t, "all files are read", func() bool { return verified.Load() == segments })
	close(free)
	require.ErrorIs(t, <-result, ErrStoreClosed)
	require.ErrorIs(t, s.Close(), errIO)
}

// failReads fails the reads of a file after so many, and counts all.
func failReads(d *vfs.Disk, name string, reads int) *atomic.Int64 {
	n := new(atomic.Int64)
	d.SetHook(func(op vfs.Op) error {
		if op.Kind == vfs.OpRead && op.Name == name && n.Add(1) > int64(reads) {
			return errIO
		}
		return nil
	})
	return n
}

// TestCachesThatCannotBeRemoved has something stand in the place of each cache
// that is neither to be read nor to be removed.
func TestCachesThatCannotBeRemoved(t *testing.T) {
	m := sampleWithCaches(t, true)
	for name := range m.caches {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			m.writeAll(t, dir)
			require.NoError(t, os.Mkdir(filepath.Join(dir, name), 0o700))
			opts := inDir(dir)
			opts.Now = m.clock.now
			want := m.last(0)
			for _, readOnly := range []bool{true, false, false} {
				opts.ReadOnly = readOnly
				s := mustOpen(t, opts)
				requireHoldings(t, want, s, name)
				if !readOnly {
					require.NoError(t, s.Set("hot", []byte("hotter"), 0))
					want["hot"] = holding{value: "hotter"}
					require.NoError(t, s.Compact(context.Background()))
				}
				require.NoError(t, s.Close())
			}
		})
	}
}

// TestAFailedOpenLeavesNothingOpen fails every call of opening a store by its
// saved index, and counts the files that are open afterwards.
func TestAFailedOpenLeavesNothingOpen(t *testing.T) {
	m := sampleWithCaches(t, true)
	im := m.and(m.caches)
	im["00000000000000ff.hint"] = nil // to be removed
	refused := 0
	for nth, failed := 1, true; failed; nth++ {
		d, calls, opened := im.disk(t), 0, map[string]int{}
		failed = false
		d.SetHook(func(op vfs.Op) error {
			if op.Kind == vfs.OpClose {
				opened[op.Name]--
			}
			if calls++; calls == nth {
				failed = true
				return errIO
			}
			if op.Kind == vfs.OpOpen || op.Kind == vfs.OpCreate {
				opened[op.Name]++
			}
			return nil
		})
		s, err := NewKVStore(onDisk(d, m.clock))
		if err == nil {
			calls = nth // no more faults
			require.NoError(t, s.Close())
		} else {
			refused++
		}
		for name, n := range opened {
			require.Zero(t, n, "%s after call %d failed: %v", name, nth, err)
		}
	}
	require.Greater(t, refused, 10)
}

// TestNoIndexOfATimeThatTheLogDoesNotKnow sweeps a key while the disk takes no
// mark of that, and sets the clock back: an index without the key would be
// another store than the log, which a compaction could make of it.
func TestNoIndexOfATimeThatTheLogDoesNotKnow(t *testing.T) {
	d := newDisk(t)
	w := newScribe(t, d, newHandClock(), ledger{})
	w.set("key", "value", time.Minute)
	w.reopen(d)
	w.set("other", "value", 0)
	w.reopen(imageOf(t, d).without(segment.IndexName).disk(t))
	d = w.opts.fs.(*vfs.Disk)
	d.SetHook(func(op vfs.Op) error {
		if op.Kind == vfs.OpCreate && op.Name == segment.ManifestTemp {
			return vfs.ErrNoSpace
		}
		return nil
	})
	w.clock.pass(time.Hour)
	require.Equal(t, 1, w.s.Len())
	require.NoError(t, w.s.Close())
	d.SetHook(nil)
	w.clock.pass(-time.Hour)
	im := imageOf(t, d)
	for _, im := range []image{im, im.withoutCaches()} {
		s := mustOpen(t, onDisk(im.disk(t), w.clock))
		requireHoldings(t, w.book, s, "the clock set back")
		require.NoError(t, s.Close())
	}
}

// TestASavedIndexLeavesRoomForDeletes deletes from a store that was opened
// by an index that has taken the last bytes of the disk.
func TestASavedIndexLeavesRoomForDeletes(t *testing.T) {
	d := newDisk(t)
	w := newScribe(t, d, newHandClock(), ledger{})
	for i := range 200 {
		w.set(fmt.Sprint("key:", i), "value", 0)
	}
	require.NoError(t, w.s.Close())
	im := imageOf(t, d)
	require.Contains(t, im, segment.IndexName)
	d.SetCapacity(int64(im.bytes()))
	w.s = mustOpen(t, w.opts)
	require.True(t, w.s.engine.recovery.IndexLoaded)
	w.delete("key:7")
	w.reopen(d)
	requireHoldings(t, w.book, w.s, "one key less")
	require.NoError(t, w.s.Close())
}

// bigIndex returns the files of a store whose saved index is too big to be
// read at once, and options to open it beside the callers.
func bigIndex(t *testing.T) (image, Options, func(i int) string) {
	key := func(i int) string {
		return fmt.Sprintf("a key that is rather long, so that there are enough bytes: %d", i)
	}
	d, clock := newDisk(t), newHandClock()
	opts := onDisk(d, clock)
	opts.SegmentSize, opts.Sync = 1<<20, SyncNever
	s := mustOpen(t, opts)
	for i := range bigKeys {
		require.NoError(t, s.Set(key(i), []byte(fmt.Sprint(i)), 0))
	}
	require.NoError(t, s.Close())
	im := imageOf(t, d)
	require.Greater(t, len(im[segment.IndexName]), 1<<20)
	opts.later = nil // the index is completed beside the callers
	return im, opts, key
}

const bigKeys = 16_000

// isBigValue holds a value to that of key number i of bigIndex. There are so
// many that require would take most of the time.
func isBigValue(t *testing.T, i int, got []byte) {
	if string(got) != strconv.Itoa(i) {
		t.Fatalf("key %d has %q", i, got)
	}
}

// TestWritersDoNotWaitForASweep holds up the completion of a loaded index: who
// waits for that must not keep writers away.
func TestWritersDoNotWaitForASweep(t *testing.T) {
	im, opts, key := bigIndex(t)
	d := im.disk(t)
	opts.fs, opts.later = d, atOnce
	all := failReads(d, segment.IndexName, math.MaxInt)
	require.NoError(t, mustOpen(t, opts).Close())
	proof := all.Load()/2 + 1 // two reads, and all pieces; then the pieces again

	var reads, stuck atomic.Int64
	var pass atomic.Bool
	free := make(chan struct{})
	d.SetHook(func(op vfs.Op) error {
		if op.Kind == vfs.OpRead && op.Name == segment.IndexName && reads.Add(1) > proof && !pass.Load() {
			stuck.Add(1)
			<-free
		}
		return nil
	})
	opts.later = nil
	s := mustOpen(t, opts)
	eventually(t, "the first stripe is asked for", func() bool { return stuck.Load() == 1 })
	pass.Store(true)
	mine := 0
	for s.engine.index.Stripe(s.engine.index.Hash(key(mine))) == s.engine.index.Stripe(0) {
		mine++
	}
	var length, written atomic.Int64
	go func() { length.Store(int64(s.Len())) }()
	for range 10_000 {
		runtime.Gosched() // it gets to where it waits
	}
	go func() {
		if s.Set(key(mine), []byte("new"), 0) == nil {
			written.Store(1)
		}
	}()
	eventually(t, "a write beside a sweep", func() bool { return written.Load() == 1 })
	require.Zero(t, length.Load())
	close(free)
	eventually(t, "the sweep", func() bool { return length.Load() == bigKeys })
	require.NoError(t, s.Close())
}

// TestAStoreInMemoryHasNoCaches: nobody will open it again.
func TestAStoreInMemoryHasNoCaches(t *testing.T) {
	s := mustOpen(t, Options{InMemory: true, SegmentSize: minSegmentSize, later: atOnce})
	for i := range 100 {
		require.NoError(t, s.Set(fmt.Sprint("key:", i), []byte("value"), 0))
	}
	require.Greater(t, s.Stats().Segments, 3)
	require.Zero(t, s.Stats().HintBytes)
	names, err := s.engine.dir.List()
	require.NoError(t, err)
	require.NotContains(t, strings.Join(names, " "), ".hint")
	require.NoError(t, s.Close())
}
