package seglog

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/spcent/plumego/store/internal/record"
	"github.com/spcent/plumego/store/internal/segment"
	"github.com/spcent/plumego/store/internal/vfs"
)

// Config is what a log is opened with.
type Config struct {
	Dir         vfs.Dir
	Mode        vfs.Mode
	SegmentSize int64        // bytes
	Now         func() int64 // the store's time, Unix milliseconds
	NewStore    func() uint64
	// Volatile says that nobody will open the log again: it leaves no hints and
	// no image.
	Volatile bool
	// Ahead, if not nil, is told of room that the writer will soon come to.
	Ahead func(segment.Stretch)
	// Behind is given what is left to do for a full segment, to call it
	// beside the writer or never. If it is nil the writer does it at once.
	Behind func(work func() error)
	// Load, if not nil, is given the image that belongs to a clean log, in
	// place of the records, and closes it some time.
	Load func(*Image)
}

// Log is an open log.
type Log struct {
	Config
	store uint64 // the store's random id; never changes once open

	// man is the manifest on disk. It is never changed, only replaced, under
	// installing.
	man        atomic.Pointer[manifest]
	installing sync.Mutex
	imaged     bool // an image belongs to the manifest; protected by installing
	// numbering is held by whoever takes numbers, until the manifest knows.
	numbering sync.Mutex
	// prepared is the segment that comes next, if it was made already: it is
	// empty and has the manifest's next number. Protected by numbering.
	prepared *segment.Segment

	// The fields below belong to the writer.
	seq    uint64  // of the last record appended
	active *member // nil until the first append to a new store
	full   *member // the one before it, if that was filled since Open

	// members is indexed by the number that Append hands out; nil where one
	// is gone. It is copied when it changes, under joining, so readers need
	// no lock.
	members atomic.Pointer[[]*member]
	joining sync.Mutex
	pins    pins // protected by joining

	appended int64        // bytes since Open; the writer's
	copying  atomic.Int64 // bytes of a Rewrite's new segment until it is installed

	durable atomic.Uint64         // seq up to which all is on stable storage
	syncs   atomic.Uint64         // syncs done for the sake of records
	poison  atomic.Pointer[error] // the first failure after which nothing is known
}

// Location says where a record lies.
type Location struct {
	Segment uint32 // the log's number for the segment, not its id
	Offset  int64
	Size    int64
}

// Append writes one record behind all others and returns its seq and place.
// After an error nothing was written, and unless the log is poisoned the
// next append may succeed. It keeps no reference to value.
func (l *Log) Append(h record.Header, key string, value []byte) (uint64, Location, error) {
	size := record.Size(len(key), len(value))
	if err := l.ready(h.Type, size); err != nil {
		return 0, Location{}, err
	}
	h.Seq = l.seq + 1
	off, err := l.active.Append(h, key, value)
	if err != nil {
		return 0, Location{}, l.check(err)
	}
	l.seq++
	l.active.note(h)
	l.appended += size
	return l.seq, Location{l.active.number, off, size}, nil
}

// ready makes the active segment one that may take records of that size.
func (l *Log) ready(t record.Type, size int64) error {
	if err := l.unclean(); err != nil {
		return err
	}
	if l.active != nil && !l.active.Overflows(size) {
		return nil
	}
	err := l.rotate(size)
	if err == nil {
		return l.Err()
	}
	if l.Err() == nil && l.active != nil && l.active.Spares(t, size) && errors.Is(err, vfs.ErrNoSpace) {
		return nil
	}
	return err
}

// unclean comes before the first byte changes behind what the manifest calls
// complete.
func (l *Log) unclean() error {
	if err := l.Err(); err != nil {
		return err
	}
	if l.active == nil || !l.man.Load().clean {
		return nil
	}
	return l.install(func(m *manifest) { m.clean = false })
}

// Appended returns how many bytes of records were appended since Open.
func (l *Log) Appended() int64 { return l.appended }

// Err returns the failure that poisoned the log, or nil.
func (l *Log) Err() error {
	if err := l.poison.Load(); err != nil {
		return *err
	}
	return nil
}

// check poisons the log if err is of the kind after which the state of the
// disk is unknown, and returns err.
func (l *Log) check(err error) error {
	if errors.Is(err, segment.ErrSync) || errors.Is(err, segment.ErrBroken) || errors.Is(err, segment.ErrFault) {
		l.poison.CompareAndSwap(nil, &err)
	}
	return err
}

// Cut is a point in the log. It keeps the files it needs open.
type Cut struct {
	full, active *member
	seq          uint64
	pin          uint64
	ends         []end
}

// end is how far a segment reached at a cut. A seal that was written since may
// be taken back.
type end struct {
	*member
	length int64 // bytes
}

// durable returns how much of it is on stable storage, in bytes. That may lack
// a seal, although all records are durable.
func (e end) durable() int64 { return min(e.length, e.Synced()) }

// Cut returns the point behind the last record. It must be given to Sync,
// once.
func (l *Log) Cut() Cut {
	c := Cut{full: l.full, active: l.active, seq: l.seq, pin: l.pin()}
	for _, m := range []*member{c.full, c.active} {
		if m != nil {
			c.ends = append(c.ends, end{m, m.End()})
		}
	}
	if c.full != nil && c.full.Synced() == c.full.End() {
		_ = l.settle(c.full) // there is no sync to fail
		c.full = nil         // its file may be gone already
	}
	return c
}

// Sync makes everything before the cut durable: the full segment first,
// since nothing in the active one counts without it. A failure poisons the
// log.
func (l *Log) Sync(c Cut) error {
	// A file that only this cut kept and that stays is removed by the next
	// Open: it must not fail what is durable.
	defer func() { _ = l.unpin(c.pin) }()
	return l.syncTo(c)
}

func (l *Log) syncTo(c Cut) error {
	if err := l.Err(); err != nil {
		return err
	}
	if c.active == nil || c.seq <= l.durable.Load() {
		return nil
	}
	if err := l.settle(c.full); err != nil {
		return err
	}
	if err := c.active.Sync(); err != nil {
		return l.check(err)
	}
	l.syncs.Add(1)
	l.raiseDurable(c.seq)
	return l.Err() // it may have been poisoned meanwhile
}

// settle makes a segment that was sealed durable; nil is none.
func (l *Log) settle(full *member) error {
	if full == nil {
		return nil
	}
	if full.Synced() != full.End() {
		if err := full.Finish(); err != nil {
			return l.check(err)
		}
		l.syncs.Add(1)
	}
	full.then.Vouch()
	l.raiseDurable(full.last)
	return nil
}

// Unsynced reports whether records are not yet known to be durable.
func (l *Log) Unsynced() bool { return l.durable.Load() < l.seq }

func (l *Log) raiseDurable(seq uint64) {
	for {
		was := l.durable.Load()
		if seq <= was || l.durable.CompareAndSwap(was, seq) {
			return
		}
	}
}

// ReadValue appends to dst a copy of the value at a place that Append or
// Open gave. See segment.Segment.ReadValue.
func (l *Log) ReadValue(dst []byte, at Location, key string) ([]byte, record.Header, error) {
	return (*l.members.Load())[at.Segment].ReadValue(dst, at.Offset, at.Size, key)
}

// Wanted is a value to be read.
type Wanted struct {
	Location
	Key string
}

// ReadMost is the most values that ReadValues takes.
const ReadMost = 64

// ReadValues is ReadValue for several. See segment.ReadValues.
func (l *Log) ReadValues(dst []byte, wanted []Wanted, got func(dst []byte, h record.Header)) error {
	var spots [ReadMost]segment.Spot
	members := *l.members.Load()
	for i := range wanted {
		w := &wanted[i]
		spots[i] = segment.Spot{In: members[w.Segment].Segment, Offset: w.Offset, Size: w.Size, Key: w.Key}
	}
	return segment.ReadValues(dst, spots[:len(wanted)], got)
}

// install makes a changed manifest durable.
func (l *Log) install(change func(*manifest)) error {
	l.installing.Lock()
	defer l.installing.Unlock()
	if err := l.Err(); err != nil {
		return err // what the disk has is not known
	}
	m := l.man.Load().clone()
	m.generation++
	m.time = max(m.time, l.Now())
	change(&m)
	if !m.sound() {
		return l.check(fmt.Errorf("%w: the manifest would contradict itself", segment.ErrBroken))
	}
	if l.imaged {
		// It will belong to no manifest, and may have taken the room for this one.
		l.dropImage()
	}
	if err := writeManifest(l.Dir, &m); err != nil {
		return l.check(fmt.Errorf("install manifest: %w", err))
	}
	l.man.Store(&m)
	return nil
}

// LastSeq returns the seq of the last record.
func (l *Log) LastSeq() uint64 { return l.seq }
