package kv

import (
	"fmt"

	"github.com/spcent/plumego/store/internal/seglog"
	"github.com/spcent/plumego/store/internal/vfs"
)

// How often a store is looked at that cannot be opened.
const (
	looksAtOne = 3   // at one manifest: what is there then is damage
	looksAtAll = 100 // at a store that changes each time
)

// openBeside opens the log of a store that somebody else may be writing to.
// Only what fails again and again while the manifest stays is believed: see
// seglog.Log.Generation.
func (e *engine) openBeside() (seglog.Recovery, error) {
	var generation uint64
	same := 0
	for range looksAtAll {
		r, err := e.openLog()
		if err == nil {
			return r, nil
		}
		if g := e.log.Generation(); g != generation {
			generation, same = g, 0
		}
		if same++; same == looksAtOne {
			return r, err
		}
	}
	return seglog.Recovery{}, fmt.Errorf("%w, and it changed each of %d times that it was read", vfs.ErrLocked, looksAtAll)
}
