// Package spin waits for locks that are held for a moment.
//
// A goroutine that is parked gets its processor back when another one lets go
// of it, which may be 10 ms later if that one computes. A lock that is held
// for a microsecond is not worth that: whoever finds it taken looks at it some
// time longer. sync.Mutex does so too, but not while other goroutines are
// ready to run, which under load is always.
package spin

import (
	"runtime"
	"sync"
)

// turns are some 20 microseconds: longer than a lock is held by somebody who
// is running, and no great loss where it is held by somebody who is not.
const turns = 10000

// Lock locks m.
func Lock(m *sync.Mutex) {
	if !m.TryLock() && !spin(m.TryLock) {
		m.Lock()
	}
}

// WriteLock locks m for writing. It keeps no new reader waiting while it
// spins.
func WriteLock(m *sync.RWMutex) {
	if !m.TryLock() && !spin(m.TryLock) {
		m.Lock()
	}
}

// ReadLock locks m for reading.
func ReadLock(m *sync.RWMutex) {
	if !m.TryRLock() && !spin(m.TryRLock) {
		m.RLock()
	}
}

// spin tries until it succeeds or gives up, and reports whether it has. A lone
// processor had better run who holds the lock.
func spin(try func() bool) bool {
	if runtime.GOMAXPROCS(0) == 1 {
		return false
	}
	for range turns {
		if try() {
			return true
		}
	}
	return false
}
