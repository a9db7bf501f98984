package kv

import (
	"errors"
	"io"
	"sync"
	"sync/atomic"

	"github.com/spcent/plumego/store/internal/keydir"
	"github.com/spcent/plumego/store/internal/seglog"
	"github.com/spcent/plumego/store/internal/vfs"
)

// KVStore is a handle on an open store. Its methods are safe for concurrent
// use. Handles of one store, see WithSync, share everything but the policy;
// closing one closes the store.
type KVStore struct {
	engine *engine
	policy SyncPolicy
}

// engine is an open store.
//
// Lock order: syncing, then mu, then the locks of the index.
type engine struct {
	opts  Options
	clock *clock
	dir   vfs.Dir
	lock  io.Closer // nil if it is read-only
	index *keydir.Keydir
	saved savedIndex
	log   *seglog.Log

	// mu admits one writer: it orders all mutations. It is not held during
	// a sync that writers wait for, but while a segment is begun, and then
	// as long as the segment before the full one is not durable.
	mu sync.Mutex
	// group collects the writes that the next sync will acknowledge; nil
	// when there are none. Protected by mu.
	group *group
	// settling is the group that is being synced. Protected by mu.
	settling *group
	// pending has, for each key in a group, its newest write, which is in
	// the log but not in the index. Protected by mu.
	pending map[string]mutation
	// holds says that the index may hold keys of pending. Protected by mu.
	holds bool
	// claims has the keys in the groups that the index must have room for.
	// Protected by mu.
	claims keydir.Claims
	// room is protected by mu.
	room room
	// counter has room for the text of one. Protected by mu.
	counter [maxCounter]byte
	// journal has the keys that were written while a transaction reads.
	// Protected by mu.
	journal journal
	// changes counts what was done to the index. Protected by mu.
	changes uint64
	// lastMark is the store's time, in Unix milliseconds, that the log is
	// known to hold. Protected by mu.
	lastMark int64

	// syncing is held by the one goroutine that syncs for a group.
	syncing   sync.Mutex
	gathering gathering

	// closed is set under mu, or under a stripe's lock by lose. Readers look at
	// it while they hold a stripe's pin or lock, for which close waits.
	closed   atomic.Bool
	closing  sync.Once
	closeErr error

	// work counts the goroutines and long calls that Close waits for. It
	// grows under mu and only while closed is not set.
	work      sync.WaitGroup
	quit      chan struct{} // closed to stop the goroutines
	syncer    syncer
	sweeper   sweeper
	folder    folder
	ahead     ahead
	compactor compactor

	snapshots snapshots
	turn      turn
	// txMemories and scanMemories have memory of transactions and scans that
	// are done. They are no part of the engine: the runtime keeps what a pool
	// is a part of through two more collections, and that would be all that a
	// closed store had.
	txMemories, scanMemories *sync.Pool

	recovery Recovery
}

// NewKVStore opens the store in opts.DataDir, or makes one. It returns when
// everything it will serve is on stable storage.
//
// If the index that Close has saved is there, and sound, no record is read;
// what is slow is done behind the first calls, and a scan, or a call that
// sweeps first, waits for that. Without it every key is read from the log.
//
// A store that was not closed is recovered: a torn tail, which nobody was
// promised, is cut and reported in Stats and to the logger. Damage is
// ErrCorrupt, and then nothing has been changed. Other errors are
// ErrInvalidOptions, ErrNotAStore, ErrLocked, ErrUnsupportedVersion,
// ErrNoSpace, or wrap what the system said.
func NewKVStore(opts Options) (*KVStore, error) {
	opts, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	clock := newClock(opts.Now)
	e := &engine{
		opts:      opts,
		clock:     clock,
		pending:   make(map[string]mutation),
		quit:      make(chan struct{}),
		syncer:    newSyncer(),
		sweeper:   newSweeper(),
		ahead:     newAhead(),
		compactor: newCompactor(),
		snapshots: newSnapshots(),
		saved:     savedIndex{settled: make(chan struct{})},

		txMemories:   newTxMemories(),
		scanMemories: newScanMemories(),
	}
	took := stopwatch()
	if err := e.open(); err != nil {
		return nil, e.public("open "+e.place(), err)
	}
	e.recovery.Took = took()
	e.start()
	return &KVStore{engine: e, policy: opts.Sync}, nil
}

// WithSync returns a handle on the same store whose writes follow another
// policy, so that one store can keep signing keys durable and counters fast.
// An unknown policy counts as SyncAlways.
func (s *KVStore) WithSync(p SyncPolicy) *KVStore {
	if p < SyncAlways || p > SyncNever {
		p = SyncAlways
	}
	return &KVStore{engine: s.engine, policy: p}
}

// Close waits for operations that have begun, makes everything durable under
// every policy, saves the index for the next open, and lets go of the
// directory. It costs about half a microsecond for each key. Later calls of
// other methods return ErrStoreClosed; calling Close again returns the same
// result. An error does not take back what SyncAlways has acknowledged.
//
// It does not wait for snapshots, nor for scans and views: their next read is
// ErrStoreClosed. Snapshots that were not closed are reported, as
// ErrOpenSnapshots, after everything else has been done.
func (s *KVStore) Close() error {
	e := s.engine
	e.closing.Do(func() { e.closeErr = e.public("close "+e.place(), e.close()) })
	return e.closeErr
}

// start starts the goroutines that the options ask for.
func (e *engine) start() {
	if e.saved.image == nil || e.opts.later != nil {
		e.settleIndex()
	} else {
		e.work.Go(e.settleIndex)
	}
	if e.opts.SweepInterval > 0 {
		e.work.Go(func() { e.sweeper.run(e) })
	}
	if !e.opts.ReadOnly {
		e.work.Go(func() { e.syncer.run(e) })
		e.work.Go(func() { e.ahead.run(e) })
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.room.note(e, e.log.Usage())
	if !e.opts.ReadOnly && e.opts.CompactInterval > 0 {
		e.work.Go(func() { e.compactor.run(e) })
		e.compactor.look(e)
	}
	if work := e.log.Unhinted(); len(work) > 0 {
		e.behind(func() { e.makeHints(work) })
	}
	e.folder.note(e)
}

// begin admits a call that Close must wait for, until work.Done.
func (e *engine) begin() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed.Load() {
		return ErrStoreClosed
	}
	e.work.Add(1)
	return nil
}

// close ends the store. Its order matters: no new writers; the last group
// told; the goroutines gone; no leader; no reader; then the files.
func (e *engine) close() error {
	e.mu.Lock()
	e.closed.Store(true)
	last := e.group
	e.mu.Unlock()
	if last != nil {
		_ = last.await(e) // its writers are told
	}
	close(e.quit)
	e.work.Wait()
	e.syncing.Lock() // a leader may be at work
	defer e.syncing.Unlock()
	e.mu.Lock()
	defer e.mu.Unlock()
	e.index.Barrier() // readers that had not seen closed are done
	leaked, err := e.snapshots.abandon()
	var unmarked error // then the index may lack keys that the log does not know to be dead
	if e.sweeper.sawDeath.Load() {
		unmarked = e.mark(e.clock.now())
	}
	if e.log.Finish() == nil && e.saved.failed == nil && e.saved.lacking == nil && unmarked == nil {
		e.saveIndex()
	}
	return errors.Join(err, e.saved.failed, e.log.Close(), e.release(), leaked)
}
