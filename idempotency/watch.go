package idempotency

import "sync"

// watches wakes those in this process who wait for a key to change.
type watches struct {
	mu   sync.Mutex
	keys map[string]*watch // those that somebody waits for
}

// watch is a key that somebody waits for.
type watch struct {
	changed chan struct{} // closed at the next change
	waiting int           // under the lock of watches
}

func newWatches() *watches { return &watches{keys: map[string]*watch{}} }

// wait returns a channel that is closed when the key changes next, and a
// function that must be called when nobody waits for it any more.
func (w *watches) wait(key string) (changed <-chan struct{}, stop func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	one := w.keys[key]
	if one == nil {
		one = &watch{changed: make(chan struct{})}
		w.keys[key] = one
	}
	one.waiting++
	return one.changed, func() { w.stop(key, one) }
}

func (w *watches) stop(key string, one *watch) {
	w.mu.Lock()
	defer w.mu.Unlock()
	one.waiting--
	if one.waiting == 0 && w.keys[key] == one {
		delete(w.keys, key)
	}
}

// wake tells that the key has changed.
func (w *watches) wake(key string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if one := w.keys[key]; one != nil {
		close(one.changed)
		delete(w.keys, key)
	}
}
