package kv

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/spcent/plumego/store/internal/keydir"
	"github.com/spcent/plumego/store/internal/spin"
)

// Snapshot shows the store as its readers saw it at one moment: nothing that
// still waited for its sync then, and no key that had expired by then. What
// is written, deleted, touched or swept meanwhile, and time itself, change
// nothing in it. It is of no policy: handles of one store share it.
//
// It must be closed. While it is open it costs memory for each key that
// changes, about 70 bytes the first time, the bytes of keys that are deleted,
// and files that could be removed; Stats shows the age of the oldest.
//
// Its methods are safe for concurrent use, Close among them. After Close they
// fail with ErrSnapshotClosed, after that of the store with ErrStoreClosed;
// those without an error then show nothing.
type Snapshot struct {
	engine *engine
	owner  owner
	index  *keydir.Snapshot
	now    int64 // when it was taken, Unix milliseconds; judges all deadlines

	// unpin gives up the claim on the log's segments. Only its first call
	// does anything, and comes when no reader of the snapshot is left.
	unpin func() error

	// closed is set before anything is given up; readers look at it under
	// their key's stripe lock, or with reading held.
	closed   atomic.Bool
	reading  sync.RWMutex // held while values of found entries are copied
	closing  sync.Once
	closeErr error
}

// owner says who closes a snapshot.
type owner int

const (
	ofCaller owner = iota // who asked for it
	ofCall                // the scan or view that took it, when it ends
)

// snapshots are those that are open.
type snapshots struct {
	mu   sync.Mutex // protects the fields below; a leaf
	open map[*Snapshot]struct{}
}

func newSnapshots() snapshots { return snapshots{open: make(map[*Snapshot]struct{})} }

// Snapshot takes a snapshot, which the caller must close. It copies nothing
// and costs the same whatever the number of keys. The error is
// ErrStoreClosed.
func (s *KVStore) Snapshot() (*Snapshot, error) { return s.engine.snapshot(ofCaller) }

// View calls fn with a snapshot and closes it when fn returns or panics. It
// returns fn's error, or else that of closing, or ErrStoreClosed without a
// call. fn must not keep the snapshot; it may use the store.
func (s *KVStore) View(fn func(*Snapshot) error) (err error) {
	n, err := s.engine.snapshot(ofCall)
	if err != nil {
		return err
	}
	defer func() {
		if closeErr := n.Close(); err == nil {
			err = closeErr
		}
	}()
	return fn(n)
}

// snapshot takes a snapshot between two mutations: whole groups are published
// under mu.
func (e *engine) snapshot(o owner) (*Snapshot, error) {
	spin.Lock(&e.mu)
	defer e.mu.Unlock()
	return e.snapshotLocked(o)
}

func (e *engine) snapshotLocked(o owner) (*Snapshot, error) {
	if e.closed.Load() {
		return nil, ErrStoreClosed
	}
	n := &Snapshot{
		engine: e,
		owner:  o,
		now:    e.clock.now(),
		unpin:  sync.OnceValue(e.log.Pin()),
		index:  e.index.Snapshot(),
	}
	e.snapshots.add(n)
	return n, nil
}

// Close lets go of what the snapshot kept. It costs what has changed since
// the snapshot was taken. Calling it again returns the same result; that the
// store was closed first is no error.
func (n *Snapshot) Close() error {
	n.closing.Do(func() { n.closeErr = n.close() })
	return n.closeErr
}

func (n *Snapshot) close() error {
	e := n.engine
	n.closed.Store(true)
	n.awaitReaders()
	n.index.Close() // and so are those who look for a key
	e.snapshots.remove(n)
	err := e.public("let go of a snapshot", n.unpin())
	e.mu.Lock()
	defer e.mu.Unlock()
	e.folder.note(e)
	return err
}

// awaitReaders returns when who copies values, and has not seen that it is
// over, is done.
func (n *Snapshot) awaitReaders() {
	n.reading.Lock()
	//lint:ignore SA2001 waiting is all there is to do
	n.reading.Unlock()
}

// usable says why nothing can be read, if so. If not, what was read from the
// index before is right, and what is read under a stripe that the caller
// holds, or with reading held, will be.
func (n *Snapshot) usable() error {
	switch {
	case n.closed.Load():
		return ErrSnapshotClosed
	case n.engine.closed.Load():
		return ErrStoreClosed
	}
	return nil
}

func (t *snapshots) add(n *Snapshot) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.open[n] = struct{}{}
}

func (t *snapshots) remove(n *Snapshot) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.open, n)
}

// abandon gives up the claims of all that are open when the store closes, and
// says how many nobody would have closed. No reader is left but those it
// waits for.
func (t *snapshots) abandon() (leaked, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	count := 0
	for n := range t.open {
		n.awaitReaders()
		err = errors.Join(err, n.unpin())
		if n.owner == ofCaller {
			count++
		}
	}
	if count > 0 {
		leaked = &OpenSnapshotsError{count}
	}
	return leaked, err
}

// stats returns how many are open and how long the oldest has been.
func (t *snapshots) stats(now int64) (open int, oldest time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for n := range t.open {
		oldest = max(oldest, time.Duration(now-n.now)*time.Millisecond)
	}
	return len(t.open), oldest
}
