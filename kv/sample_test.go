package kv

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store/internal/vfs"
)

// sample is a small store with something of everything, to be damaged.
type sample struct {
	*scribe
	image        // without caches, so that the log is read
	caches image // those that belong to it
	closed bool
	noMap  bool   // the disk has no mappings
	active string // the segment that was being written
	// versions are, by file, all contents it ever had.
	versions map[string]map[string]bool
}

// newSample writes a sample and closes it, or has its process killed, with
// nothing done yet for the segment before the last but sync it.
func newSample(t testing.TB, closed, noMap bool) *sample {
	t.Helper()
	later := atOnce
	if !closed {
		later = never
	}
	return newSampleOf(t, closed, noMap, later, (*sample).write)
}

// newSampleOf is newSample with another life.
func newSampleOf(t testing.TB, closed, noMap bool, later func(func()), write func(*sample, *vfs.Disk)) *sample {
	t.Helper()
	d := newDisk(t)
	m := &sample{closed: closed, noMap: noMap, versions: map[string]map[string]bool{}}
	m.tune(d)
	clock := newHandClock()
	opts := onDisk(d, clock)
	opts.later = later
	m.scribe = newScribeWith(t, opts, clock, ledger{})
	m.each = func() { m.keep(imageOf(t, d)) }
	write(m, d)
	if closed {
		require.NoError(t, m.s.Close())
		m.image = imageOf(t, d)
	} else {
		m.image = imageOf(t, d.KillClone())
		require.NoError(t, m.s.Close())
	}
	m.caches, m.image = m.image, m.image.withoutCaches()
	maps.DeleteFunc(m.caches, func(name string, _ []byte) bool { return !isCache(name) })
	for _, name := range m.names() {
		if name > m.active && name < "LOCK" {
			m.active = name
		}
	}
	return m
}

// tune gives a disk the ways of the sample's.
func (m *sample) tune(d *vfs.Disk) {
	if m.noMap {
		d.NoMap, d.Placement = true, vfs.ByCall
	}
}

// write tells the sample's life, in about five segments and two sessions.
func (m *sample) write(d *vfs.Disk) {
	for i := range 9 {
		m.set(fmt.Sprintf("session:%d", i), fmt.Sprintf("value %d of a session", i), time.Hour)
	}
	m.set("gone", "a value that expires, and must not come back", time.Minute)
	m.set("permanent", "older", 0)
	m.set("permanent", "newer", time.Minute)
	for range 4 {
		m.incr("counter", 7, time.Hour)
	}
	m.delete("session:1")
	m.expire("session:2", 2*time.Hour)
	m.expire("session:3", time.Minute)
	m.reopen(d)
	m.pass(2 * time.Minute)
	m.set("session:1", "born again", 0)
	m.expire("session:4", 0)
	m.delete("session:5")
	m.set("empty", "", 0)
	m.set("binary\x00\xff", "\x00\x01\xfe\xff", 0)
	for i := range 8 {
		m.set("hot", fmt.Sprintf("overwrite %d", i), 0)
		m.incr("counter", -1, 0)
	}
	m.set("long", string(make([]byte, 1500)), 0)
	m.set("tail", "one", 0)
	m.expire("tail", time.Hour)
	m.incr("counter", 100, 0)
	m.delete("session:6")
	m.set("last", "the last value", time.Hour)
}

// keep remembers the contents of all files.
func (m *sample) keep(im image) {
	for name, data := range im {
		if m.versions[name] == nil {
			m.versions[name] = map[string]bool{}
		}
		m.versions[name][string(data)] = true
	}
}

// older returns the contents that a file had and has no more.
func (m *sample) older(name string) []string {
	all := maps.Clone(m.versions[name])
	delete(all, string(m.image[name]))
	return slices.Sorted(maps.Keys(all))
}
