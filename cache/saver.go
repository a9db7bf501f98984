package cache

import (
	"sync"
	"sync/atomic"
)

// saver saves what a policy knows whenever half of its keys have changed. Its
// goroutine is the only one of a PersistentCache beside the engine's; stop
// waits for it.
type saver struct {
	save    func() (keys int)
	changes atomic.Int64 // since the last save
	due     atomic.Int64 // changes
	wake    chan struct{}
	quit    chan struct{}
	done    sync.WaitGroup
}

// leastChanges spares small caches a save for every few changes.
const leastChanges = 1000

func newSaver(save func() (keys int)) *saver {
	s := &saver{save: save, wake: make(chan struct{}, 1), quit: make(chan struct{})}
	s.due.Store(leastChanges)
	s.done.Go(s.run)
	return s
}

// changed counts a change.
func (s *saver) changed() {
	if s == nil || s.changes.Add(1) < s.due.Load() {
		return
	}
	select {
	case s.wake <- struct{}{}:
	default: // it is awake
	}
}

func (s *saver) run() {
	for {
		select {
		case <-s.wake:
			s.changes.Store(0)
			s.due.Store(max(leastChanges, int64(s.save()/2)))
		case <-s.quit:
			return
		}
	}
}

// stop ends the goroutine and saves a last time.
func (s *saver) stop() {
	close(s.quit)
	s.done.Wait()
	s.save()
}
