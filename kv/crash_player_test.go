package kv

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/spcent/plumego/store/internal/keydir"
	"github.com/spcent/plumego/store/internal/vfs"
)

// player plays a script on a store and keeps the history of what it did.
type player struct {
	t      *testing.T
	suite  string
	script script
	fs     vfs.FS
	dir    string
	disk   *vfs.Disk          // fs, if that is a test disk
	hook   func(vfs.Op) error // of the disk, whichever it is at the time

	store   *KVStore // nil before the first open
	opening bool     // the store is being opened
	clean   bool     // Close has returned nil since
	dead    *uint64  // durableSeq of a store that died and was not opened since
	now     int64    // Unix milliseconds
	past    history
	at      int      // index of the step at work; -1 before the first
	later   []func() // what is left to do beside the writers
	behind  bool     // it is being done
}

// dataDir is where the stores of these tests live on their disks.
const dataDir = "/data"

// startOfTime is when every script begins, in Unix milliseconds.
const startOfTime = 1_800_000_000_000

// newPlayer returns a player with an empty disk of the script's kind.
func newPlayer(t *testing.T, suite string, s script) *player {
	p := &player{
		t: t, suite: suite, script: s, dir: dataDir,
		now: startOfTime, past: newHistory(state{}, 0), at: -1,
	}
	p.use(s.disk.newDisk())
	return p
}

// use goes on with another disk.
func (p *player) use(d *vfs.Disk) {
	p.disk, p.fs = d, d
	d.SetHook(func(op vfs.Op) error {
		if p.hook == nil {
			return nil
		}
		return p.hook(op)
	})
}

// options returns how a store is opened on some disk. Nothing in it runs by
// itself.
func (p *player) options(fsys vfs.FS) Options {
	return Options{
		DataDir:         p.dir,
		Sync:            p.script.sync,
		SyncEvery:       time.Hour,
		SegmentSize:     p.script.segment,
		SweepInterval:   -1,
		CompactInterval: -1,
		Now:             func() time.Time { return time.UnixMilli(p.now) },
		fs:              fsys,
		later:           atOnce,
		secret:          keydir.Secret{1, 2, 3, 4},
	}
}

// run opens the store, plays the whole script and closes the store. Nothing
// may go wrong. between is called after each step.
func (p *player) run(between func()) {
	p.t.Helper()
	p.must(p.open())
	between()
	for i := range p.script.steps {
		p.must(p.play(i))
		between()
	}
	p.must(p.close())
	between()
}

// open opens the store, which must hold one of the states that a power loss
// may leave, and begins a new history there.
func (p *player) open() error { return p.openIn(p.candidates()) }

func (p *player) openIn(states []state) error {
	p.opening = true
	defer func() { p.opening = false }()
	opts := p.options(p.fs)
	opts.later = func(work func()) { p.later = append(p.later, work) }
	p.later = nil
	s, err := NewKVStore(opts)
	if err != nil {
		return p.typed(err)
	}
	got, err := contents(s)
	if err != nil {
		return errors.Join(err, s.Close())
	}
	if p.clean && !s.engine.recovery.Clean {
		p.fail("Close returned nil, and the store was not clean: %+v", s.engine.recovery)
	}
	if !among(states, got, p.now) {
		p.fail("opened with\n%v\nwhich is none of%s", got, list(states, p.now))
	}
	p.store, p.clean, p.dead = s, false, nil
	p.past = newHistory(got, s.engine.log.LastSeq())
	return nil
}

func (p *player) close() error {
	err := p.store.Close()
	if p.clean = err == nil; p.clean {
		p.past.promise()
	}
	return p.typed(err)
}

// durableSeq returns what the store says of itself in Stats. Unlike Stats it
// may be asked in the middle of a write.
func (p *player) durableSeq() uint64 {
	switch {
	case p.store == nil:
		return 0
	case p.dead != nil:
		return *p.dead
	}
	return p.store.engine.log.Usage().Durable
}

// candidates returns the states that a power loss now may leave.
func (p *player) candidates() []state { return p.past.candidates(p.durableSeq()) }

// play does a step and returns the store's error. An answer that is wrong
// fails the test.
func (p *player) play(i int) error {
	p.at = i
	var behind error
	if i%3 == 0 {
		behind = p.doLater()
	}
	return errors.Join(behind, p.do(i, p.script.steps[i]))
}

func (p *player) do(i int, st step) error {
	switch {
	case st.writes():
		return p.write(st)
	case st.verb == "get":
		return p.get(st.key)
	case st.verb == "sync":
		return p.sync()
	case st.verb == "wait":
		p.now += st.span.Milliseconds()
	case st.verb == "sweep":
		p.store.engine.expire()
	case st.verb == "compact":
		return p.typed(p.store.Compact(context.Background()))
	case st.verb == "rewrite":
		return p.typed(rewriteOne(p.store, int(st.number)))
	case st.verb == "reopen" || st.diskOnly() && p.disk == nil:
		return p.reopen()
	case st.verb == "powercut":
		return p.die(p.disk.CrashClone(randomFor(p.script.name, i), vfs.Random), p.candidates())
	case st.verb == "kill":
		return p.die(p.disk.KillClone(), p.past.states[p.past.live:])
	}
	return nil
}

// atOnce runs what else would run beside the writers.
func atOnce(work func()) { work() }

// never leaves it undone.
func never(func()) {}

// doLater does what the store has left to be done beside the writers, and
// returns the failure if it poisons the store.
func (p *player) doLater() error {
	was := p.poison()
	p.behind = true
	for _, work := range p.later {
		work()
	}
	p.later, p.behind = nil, false
	if err := p.poison(); was == nil && err != nil {
		return p.store.engine.public("finish a segment", err)
	}
	return nil
}

// rewriteOne compacts the segment at a place in the log, if it may be.
func rewriteOne(s *KVStore, place int) error {
	e := s.engine
	e.mu.Lock()
	shapes, published := e.log.Shapes(), e.published()
	if err := e.writable(); err != nil || place >= len(shapes) || !shapes[place].Sealed || shapes[place].Last > published {
		e.mu.Unlock()
		return e.public("compact", err)
	}
	w := e.log.Begin([]uint32{shapes[place].Number}, published)
	e.mu.Unlock()
	return e.public("compact", e.rewrite(w, func(int64) error { return nil }))
}

// reopen closes the store and opens it, whatever Close says.
func (p *player) reopen() error {
	return errors.Join(p.close(), p.open())
}

// die goes on with what the end of the process has left: one of the states.
func (p *player) die(left *vfs.Disk, states []state) error {
	old, durable := p.store, p.durableSeq()
	p.dead = &durable
	p.disk.SetHook(nil)
	p.use(left)
	err := p.openIn(states)
	_ = old.Close() // of a disk that is no more; it only ends a goroutine
	return err
}

func (p *player) sync() error {
	err := p.store.Sync()
	if err == nil {
		p.past.promise()
	}
	return p.typed(err)
}

// write does a step that changes something. Of an error it expects what the
// store's manual says: it has changed nothing, unless it is the failure that
// poisons the store, which leaves open what a later open finds.
func (p *player) write(st step) error {
	poisoned := p.poison() != nil
	want := p.past.issue(st, p.at, p.now)
	got, err := p.call(st)
	switch {
	case want.missing && errors.Is(err, ErrKeyNotFound):
		p.past.takeBack()
		return nil
	case err == nil && poisoned && p.past.idle(p.now):
		p.past.takeBack() // a key that is absent can be deleted
	case err == nil && (want.missing || poisoned || got != want.sum):
		p.fail("got %d and no error; want %+v (poison: %v)", got, want, p.poison())
	case err == nil:
		p.past.acknowledge(p.store.engine.log.LastSeq())
	case poisoned || !errors.Is(err, ErrPoisoned):
		p.past.takeBack()
	}
	if err == nil && st.policy == SyncAlways {
		p.past.promise()
	}
	return p.typed(err)
}

// typed fails the test if an error is not one of the package's.
func (p *player) typed(err error) error {
	p.t.Helper()
	if err != nil && !strings.HasPrefix(err.Error(), "kv: ") {
		p.fail("an error that is not of package kv: %v", err)
	}
	return err
}

// poison returns why the store has stopped writing, if it has.
func (p *player) poison() error { return p.store.engine.log.Err() }

// call makes the call that a step stands for.
func (p *player) call(st step) (sum int64, err error) {
	s := p.store.WithSync(st.policy)
	if st.verb == "update" {
		return 0, s.Update(func(tx *Tx) error {
			for _, part := range st.parts {
				if _, err := p.doTo(tx, part); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return p.doTo(s, st)
}

// writer is what a store and a transaction have in common.
type writer interface {
	Set(key string, value []byte, ttl time.Duration) error
	SetUntil(key string, value []byte, deadline time.Time) error
	Delete(key string) error
	Expire(key string, ttl time.Duration) error
	Incr(key string, delta int64, ttl time.Duration) (int64, error)
}

func (p *player) doTo(s writer, st step) (sum int64, err error) {
	switch st.verb {
	case "set", "zeros":
		return 0, s.Set(st.key, []byte(st.value(p.at)), st.span)
	case "until":
		return 0, s.SetUntil(st.key, []byte(st.value(p.at)), time.UnixMilli(p.now).Add(st.span))
	case "delete":
		return 0, s.Delete(st.key)
	case "expire":
		return 0, s.Expire(st.key, st.span)
	case "incr":
		return s.Incr(st.key, st.number, st.span)
	}
	panic("script: not a write: " + st.text)
}

// get reads a key. A value must be the right one, and a key that is absent
// must be absent; any other error is the caller's to judge.
func (p *player) get(key string) error {
	got, err := p.store.Get(key)
	want, exists := p.past.now().visible(p.now)[key]
	switch {
	case err == nil && (!exists || string(got) != want.value):
		p.fail("got a value of %d bytes %.20q; want %.20q (exists: %v)", len(got), got, want.value, exists)
	case errors.Is(err, ErrKeyNotFound) && exists:
		p.fail("got %v for a key that exists", err)
	case errors.Is(err, ErrKeyNotFound):
		return nil
	}
	return p.typed(err)
}

// checkReads reads every key of the script, which may fail with an error,
// but never with a wrong answer. It returns the errors.
func (p *player) checkReads() error {
	var errs error
	for key := range p.keys() {
		errs = errors.Join(errs, p.get(key))
	}
	return errs
}

// keys returns the keys of the script.
func (p *player) keys() map[string]bool {
	keys := map[string]bool{}
	for _, st := range p.script.steps {
		for _, part := range append([]step{st}, st.parts...) {
			if part.key != "" {
				keys[part.key] = true
			}
		}
	}
	return keys
}

func (p *player) must(err error) {
	p.t.Helper()
	if err != nil {
		p.fail("%v", err)
	}
}

// fail ends the test with what is needed to play it again.
func (p *player) fail(format string, args ...any) {
	p.t.Helper()
	p.t.Fatalf("%s: %s", p.where(), fmt.Sprintf(format, args...))
}

// where names the script and the step.
func (p *player) where() string {
	text := "before the first"
	if p.at >= 0 {
		text = p.script.steps[p.at].text
	}
	return fmt.Sprintf("%s of %q (%v), -seed %d, step %d (%s)", p.suite, p.script.name, p.script.disk, *seed, p.at, text)
}
