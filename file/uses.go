package file

import "sync"

// uses knows which bodies this storage is at work on: uploads and open files.
// Garbage collection lets them be.
type uses struct {
	mu sync.Mutex
	// protects the fields below
	count  map[bodyID]int
	doomed map[bodyID]bool // to be removed by who lets go of it last
}

func (u *uses) init() {
	u.count = make(map[bodyID]int)
	u.doomed = make(map[bodyID]bool)
}

// hold keeps a body until release.
func (u *uses) hold(id bodyID) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.count[id]++
}

// release undoes one hold. It reports whether the body is to be removed now.
func (u *uses) release(id bodyID) (doomed bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.count[id]--; u.count[id] > 0 {
		return false
	}
	delete(u.count, id)
	doomed = u.doomed[id]
	delete(u.doomed, id)
	return doomed
}

// held reports whether somebody holds a body.
func (u *uses) held(id bodyID) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.count[id] > 0
}

// doom reports whether somebody holds a body. If so, the last to release it is
// told to remove it.
func (u *uses) doom(id bodyID) (held bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if held = u.count[id] > 0; held {
		u.doomed[id] = true
	}
	return held
}
