package cache

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
)

// flights are the loads that are running: at most one for each key that
// callers may join.
type flights struct {
	closing chan struct{} // closed by close
	running sync.WaitGroup

	// active is how many there are. While it is 0, who changes a value need
	// not look.
	active                       atomic.Int64
	loads, loadErrors, refreshes atomic.Uint64

	mu     sync.Mutex // protects the fields below; a leaf
	closed bool
	byKey  map[string]*flight // those that may be joined
	all    map[*flight]bool
}

// flight is one load.
type flight struct {
	key     string
	cancel  context.CancelFunc
	waiters int           // under flights.mu; when there is none left it is cancelled
	done    chan struct{} // closed when the result is there to be read
	value   []byte
	err     error
	panic   *LoadPanic // nil: there was none
	found   bool       // the result was there by now: there is nothing to keep

	keeping   sync.Mutex  // held while the result is kept
	overtaken atomic.Bool // the key was changed since, or nobody waits: keep nothing
}

// job is what a flight does.
type job struct {
	load LoadFunc
	// find returns the result if it is there by now; nil: do not look.
	find func() (value []byte, err error, ok bool)
	// keep keeps the result, unless it is overtaken before. What it returns is
	// called without a lock.
	keep func(value []byte, err error, overtaken *atomic.Bool) (after func())
}

// LoadPanic is what GetOrLoad panics with, in every goroutine that waits, when
// a LoadFunc has panicked, or Config.OnEvict for what it has pushed out.
type LoadPanic struct {
	Value any    // of the panic
	Stack []byte // where it came from
}

// Error tells the value and the stack.
func (p *LoadPanic) Error() string {
	return fmt.Sprintf("cache: panic in a LoadFunc: %v\n\n%s", p.Value, p.Stack)
}

// errNoReturn says that a LoadFunc has ended its goroutine.
var errNoReturn = errors.New("cache: LoadFunc did not return")

func newFlights() *flights {
	return &flights{closing: make(chan struct{}), byKey: map[string]*flight{}, all: map[*flight]bool{}}
}

// wait returns the result of the key's flight, which it starts if there is
// none.
func (fs *flights) wait(ctx context.Context, key string, j job) ([]byte, error) {
	f, err := fs.join(ctx, key, j)
	if err != nil {
		return nil, err
	}
	select {
	case <-f.done:
	case <-ctx.Done():
		fs.leave(f)
		return nil, ctx.Err()
	case <-fs.closing:
		return nil, ErrCacheClosed
	}
	if f.panic != nil {
		panic(f.panic)
	}
	if f.err != nil {
		return nil, f.err
	}
	return append([]byte{}, f.value...), nil
}

// refresh starts a flight that nobody waits for, unless the key has one.
func (fs *flights) refresh(ctx context.Context, key string, j job) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if fs.closed || fs.byKey[key] != nil {
		return
	}
	fs.refreshes.Add(1)
	fs.start(ctx, key, j).waiters++ // one who never leaves
}

// join adds a waiter to the key's flight.
func (fs *flights) join(ctx context.Context, key string, j job) (*flight, error) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if fs.closed {
		return nil, ErrCacheClosed
	}
	f := fs.byKey[key]
	if f == nil {
		f = fs.start(ctx, key, j)
	}
	f.waiters++
	return f, nil
}

// start starts a flight. It runs on what ctx carries, but not under its end.
func (fs *flights) start(ctx context.Context, key string, j job) *flight {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	f := &flight{key: key, cancel: cancel, done: make(chan struct{})}
	fs.byKey[key] = f
	fs.all[f] = true
	fs.active.Add(1)
	fs.running.Go(func() {
		defer fs.land(f, j) // also if the LoadFunc ends the goroutine
		fs.fly(ctx, f, j)
	})
	return f
}

// fly gets the value.
func (fs *flights) fly(ctx context.Context, f *flight, j job) {
	f.err = errNoReturn
	defer f.catch()
	if j.find != nil {
		if value, err, ok := j.find(); ok {
			f.value, f.err, f.found = value, err, true
			return
		}
	}
	fs.loads.Add(1)
	f.value, f.err = j.load(ctx)
}

// catch keeps a panic for those who wait. It is deferred.
func (f *flight) catch() {
	if r := recover(); r != nil {
		f.panic = &LoadPanic{r, debug.Stack()}
		f.err = f.panic
	}
}

// land keeps the result and tells the waiters.
func (fs *flights) land(f *flight, j job) {
	f.cancel()
	if f.err != nil && !f.found {
		fs.loadErrors.Add(1)
	}
	after := f.keep(j)

	fs.mu.Lock()
	fs.drop(f)
	delete(fs.all, f)
	fs.mu.Unlock()
	fs.active.Add(-1)
	defer close(f.done) // also if what follows ends the goroutine
	defer f.catch()
	after()
}

func (f *flight) keep(j job) (after func()) {
	f.keeping.Lock()
	defer f.keeping.Unlock()
	if f.overtaken.Load() || f.found {
		return func() {}
	}
	return j.keep(f.value, f.err, &f.overtaken)
}

// kept returns when the result of a flight that is overtaken has been kept or
// never will be.
func (f *flight) kept() {
	f.keeping.Lock()
	//lint:ignore SA2001 waiting is all there is to do
	f.keeping.Unlock()
}

// leave takes a waiter from a flight, and cancels it with the last.
func (fs *flights) leave(f *flight) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if f.waiters--; f.waiters == 0 {
		f.cancel()
		fs.overtakeLocked(f)
	}
}

// overtake says that a key is changed: what is being loaded for it is not kept,
// and who comes later does not join. A flight may have looked before, and be
// about to keep its result: see pass.
func (fs *flights) overtake(key string) {
	if fs.active.Load() == 0 {
		return
	}
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if f := fs.byKey[key]; f != nil {
		fs.overtakeLocked(f)
	}
}

// pass is overtake for who does not hold what keep holds: it returns when the
// flights of the key, also those that nobody joins any more, have kept their
// results or never will.
func (fs *flights) pass(key string) {
	fs.passAll(func(other string) bool { return other == key })
}

// overtakeAll is pass for every key.
func (fs *flights) overtakeAll() {
	fs.passAll(func(string) bool { return true })
}

func (fs *flights) passAll(which func(key string) bool) {
	if fs.active.Load() == 0 {
		return
	}
	var passed []*flight
	fs.mu.Lock()
	for f := range fs.all {
		if which(f.key) {
			fs.overtakeLocked(f)
			passed = append(passed, f)
		}
	}
	fs.mu.Unlock()
	for _, f := range passed {
		f.kept()
	}
}

func (fs *flights) overtakeLocked(f *flight) {
	f.overtaken.Store(true)
	fs.drop(f)
}

// drop takes a flight out of those that may be joined.
func (fs *flights) drop(f *flight) {
	if fs.byKey[f.key] == f {
		delete(fs.byKey, f.key)
	}
}

func (fs *flights) counts() (loads, loadErrors, refreshes uint64) {
	return fs.loads.Load(), fs.loadErrors.Load(), fs.refreshes.Load()
}

// close ends all flights and waits for them.
func (fs *flights) close() {
	fs.mu.Lock()
	if !fs.closed {
		fs.closed = true
		close(fs.closing)
	}
	for f := range fs.all {
		f.cancel()
	}
	fs.mu.Unlock()
	fs.running.Wait()
}
