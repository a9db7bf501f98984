package verify

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/spcent/plumego/store/kv"
)

// modelChecks is how many lives the model watches, of about a hundred steps
// each.
const modelChecks = 500

// TestModel, T15, does random operations to a store and to a map with
// deadlines, one by one; after each the store must show what the map holds.
// Between them the clock goes both ways, the store is closed and opened with
// other options, its process dies, and bits of copies are flipped.
//
// A failure means that some caller, alone, can be told something wrong. It
// prints the shortest sequence that shows it, and how to run it again.
func TestModel(t *testing.T) {
	count := newTally()
	rapid.Check(t, func(t *rapid.T) {
		m := newMachine(t, count)
		defer m.end()
		t.Repeat(m.actions())
		m.settle()
	})
	t.Logf("T15: %s", count)
}

// machine is a store and what it should hold.
type machine struct {
	t     *rapid.T
	root  string // of all directories of this life
	dirs  int    // made there
	count *tally

	opts  kv.Options
	lived bool // there is a store
	s     *kv.KVStore
	clock *handClock
	// now is the latest time that the clock has shown the store, in Unix
	// milliseconds: the store's time, since the clock is also set back.
	now  int64
	book book
	// newest is the greatest version that was seen.
	newest uint64
	// open has the snapshots that are open.
	open []chapter
}

// chapter is a snapshot and what it should show.
type chapter struct {
	*kv.Snapshot
	book book
}

func newMachine(t *rapid.T, count *tally) *machine {
	m := &machine{t: t, root: scratch(t), count: count, clock: newHandClock(), book: book{}}
	m.opts.DataDir = m.newDir()
	m.begin()
	m.now = m.clock.millis.Load()
	return m
}

// actions are the verbs as rapid wants them: as often as they have weight,
// and with what must hold after each of them.
func (m *machine) actions() map[string]func(*rapid.T) {
	actions := map[string]func(*rapid.T){"": func(*rapid.T) { m.check() }}
	for _, v := range verbs() {
		for i := range v.weight {
			actions[fmt.Sprintf("%s %d", v.name, i)] = func(*rapid.T) {
				m.count.add(v.name)
				v.do(m)
			}
		}
	}
	return actions
}

// check compares what the store shows with what it should. It does not
// sweep, so that the dead lie about for the verbs to stumble over.
func (m *machine) check() {
	m.now = max(m.now, m.clock.millis.Load())
	m.book = m.book.at(m.now)
	m.wants(nil, m.book.all(m.s))
	m.learnVersions()
}

// learnVersions notes the versions of what was written since the last look.
// Each must be greater than all that were seen before, and its own.
func (m *machine) learnVersions() {
	before, taken := m.newest, map[uint64]bool{}
	for item, err := range m.s.Scan("") {
		m.wants(nil, err)
		h := m.book[item.Key]
		if taken[item.Version] || h.version == 0 && item.Version <= before {
			m.t.Fatalf("the version of %q is %d, and %d was before it", item.Key, item.Version, before)
		}
		taken[item.Version] = true
		m.newest = max(m.newest, item.Version)
		h.version = item.Version
		m.book[item.Key] = h
	}
}

// settle ends a life in good order: closed, opened again, all there, sound.
func (m *machine) settle() {
	m.reopen()
	m.check()
	m.verify()
	if n := m.s.Len(); n != len(m.book) {
		m.t.Fatalf("Len is %d, want %d", n, len(m.book))
	}
}

// end leaves nothing behind, whatever has happened.
func (m *machine) end() {
	if m.s != nil {
		_ = m.s.Close()
	}
	_ = os.RemoveAll(m.root)
}

// begin opens the store with random options, and at times without the files
// that are but caches.
func (m *machine) begin() {
	if m.pick("forget the caches", 4) == 0 && m.lived {
		forgetCaches(m.t, m.opts.DataDir)
	}
	m.lived = true
	m.opts.Now = m.clock.now
	m.opts.SegmentSize = one[int64](m, "SegmentSize", 1<<10, 1<<10, 4<<10, 64<<10)
	m.opts.Sync = one(m, "Sync", policies()...)
	m.opts.SyncEvery = one(m, "SyncEvery", time.Millisecond, time.Hour)
	m.opts.SweepInterval = one[time.Duration](m, "SweepInterval", -1, 1)
	m.opts.CompactInterval = one[time.Duration](m, "CompactInterval", -1, 1, time.Hour)
	m.opts.CompactRatio = one(m, "CompactRatio", 0.1, 0.5, 0.9)
	m.opts.MaxBytes = one[int64](m, "MaxBytes", 0, 0, tight, 16<<20)
	m.s = open(m.t, m.opts)
}

// tight is a MaxBytes that the values of a life may exceed.
const tight = 64 << 10

// fits reports whether a write was done. It may be refused, and then changes
// nothing, where there is little room.
func (m *machine) fits(err error) bool {
	m.t.Helper()
	if m.opts.MaxBytes == tight && errors.Is(err, kv.ErrFull) {
		m.count.add(full)
		return false
	}
	m.wants(nil, err)
	return true
}

// reopen closes the store and opens it, perhaps with the wall behind. What
// the store saw dead stays so; its time may stand a little before what it
// was, where nothing has died since.
func (m *machine) reopen() {
	err := m.s.Close()
	if n := len(m.open); n > 0 {
		m.wants(kv.ErrOpenSnapshots, err)
		for _, c := range m.open {
			_, err := c.Get("k")
			m.wants(kv.ErrStoreClosed, err)
		}
		m.open = nil
	} else {
		m.wants(nil, err)
	}
	m.damage()
	m.begin()
	if r := m.s.Stats().Recovery; !r.Clean || r.TornBytes != 0 || r.OrphansRemoved != 0 {
		m.t.Fatalf("closed, and recovered: %+v", r)
	}
	m.askTime()
}

// askTime learns where the store's time stands after it was opened.
func (m *machine) askTime() {
	m.wants(errStop, m.s.Update(func(tx *kv.Tx) error {
		m.wants(nil, tx.Set("the time", nil, time.Hour))
		item, err := tx.GetItem("the time")
		m.wants(nil, err)
		now := item.Deadline.Add(-time.Hour).UnixMilli()
		if wall := m.clock.millis.Load(); now < wall || now > max(m.now, wall) {
			m.t.Fatalf("the store's time is %d, the wall's %d, and it was %d", now, wall, m.now)
		}
		m.now = now
		return errStop
	}))
}

// kill lets the process die between two operations: everything that was
// acknowledged, under whatever policy, is in the files. The mark that tells
// the time is written once a second only, so the wall is not set back.
func (m *machine) kill() {
	for _, c := range m.open {
		m.wants(nil, c.Close())
	}
	m.open = nil
	dir := m.newDir()
	copyDir(m.t, m.opts.DataDir, dir)
	m.wants(nil, m.s.Close())
	m.opts.DataDir = dir
	m.clock.millis.Store(m.now)
	m.begin()
	if r := m.s.Stats().Recovery; r.TornBytes != 0 {
		m.t.Fatalf("killed between two operations, and torn: %+v", r)
	}
}

// damage flips one bit in a copy of a closed store, which must be noticed,
// or make no difference.
func (m *machine) damage() {
	if m.pick("damage", 4) > 0 {
		return
	}
	dir := m.newDir()
	copyDir(m.t, m.opts.DataDir, dir)
	entries, err := os.ReadDir(dir)
	m.wants(nil, err)
	name := filepath.Join(dir, entries[m.pick("file", len(entries))].Name())
	data, err := os.ReadFile(name)
	m.wants(nil, err)
	if len(data) == 0 {
		return // the lock
	}
	data[m.pick("byte", len(data))] ^= 1 << m.pick("bit", 8)
	m.wants(nil, os.WriteFile(name, data, 0o600))

	s, err := kv.NewKVStore(m.still(dir))
	for _, refusal := range []error{kv.ErrCorrupt, kv.ErrNotAStore, kv.ErrUnsupportedVersion} {
		if errors.Is(err, refusal) {
			m.count.add(damageRefused)
			return
		}
	}
	m.wants(nil, err)
	switch err := m.book.at(m.now).all(s); {
	case errors.Is(err, kv.ErrCorrupt):
		m.count.add(damageRead)
	default:
		m.wants(nil, err)
		m.count.add(damageHarmless)
	}
	m.wants(nil, s.Close())
}

// What comes of a flipped bit: the store does not open, it opens and a read
// says so, or nothing is missing and nothing else is there.
const (
	damageRefused  = "damage refused"
	damageRead     = "damage met by a read"
	damageHarmless = "damage harmless"
)

// full is a write that was refused for want of room.
const full = "full"

// holds opens another directory and wants to find there what the store has.
func (m *machine) holds(dir string) {
	m.clock.millis.Store(m.now)
	s := open(m.t, m.still(dir))
	m.wants(nil, m.book.all(s))
	_, err := s.Verify(m.t.Context())
	m.wants(nil, errors.Join(err, s.Close()))
}

// still returns options for a store in which nothing happens by itself, and
// whose wall stands where the time of this one does.
func (m *machine) still(dir string) kv.Options {
	now := time.UnixMilli(m.now)
	return kv.Options{DataDir: dir, SegmentSize: 1 << 10, SweepInterval: -1, CompactInterval: -1, Now: func() time.Time { return now }}
}

func (m *machine) newDir() string {
	m.dirs++
	return filepath.Join(m.root, fmt.Sprint(m.dirs))
}

// wants fails unless an error is the one that is wanted.
func (m *machine) wants(want, err error) {
	m.t.Helper()
	if !errors.Is(err, want) {
		m.t.Fatalf("got %v, want %v", err, want)
	}
}

// pick draws a number below n.
func (m *machine) pick(what string, n int) int { return rapid.IntRange(0, n-1).Draw(m.t, what) }

// one draws one of several.
func one[T any](m *machine, what string, from ...T) T {
	return rapid.SampledFrom(from).Draw(m.t, what)
}

func policies() []kv.SyncPolicy {
	return []kv.SyncPolicy{kv.SyncNever, kv.SyncInterval, kv.SyncAlways}
}

// tally counts what was done.
type tally struct {
	names []string
	n     map[string]*atomic.Int64
}

func newTally() *tally {
	c := &tally{n: map[string]*atomic.Int64{}}
	c.names = []string{damageRefused, damageRead, damageHarmless, full}
	for _, v := range verbs() {
		c.names = append(c.names, v.name)
	}
	for _, name := range c.names {
		c.n[name] = new(atomic.Int64)
	}
	slices.Sort(c.names)
	return c
}

func (c *tally) add(name string) { c.n[name].Add(1) }

func (c *tally) String() (all string) {
	for _, name := range c.names {
		all += fmt.Sprintf("%s %d, ", name, c.n[name].Load())
	}
	return all[:len(all)-2]
}
