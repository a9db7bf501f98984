package kv

import (
	"errors"
	"fmt"
	"testing"

	"github.com/spcent/plumego/store/internal/segment"
	"github.com/spcent/plumego/store/internal/vfs"
)

// TestFsyncWithoutSpacePoisonsDeletes: a thin device may find only in a sync
// that it is full. That is a failed sync, not the full disk on which deletes
// have room of their own: a delete behind the seal of the old segment would
// be lost.
func TestFsyncWithoutSpacePoisonsDeletes(t *testing.T) {
	p := newPlayer(t, "T09", script{"deletes at the end of a segment", byCall, SyncNever, 1 << 10, nil})
	p.must(p.open())
	var keys []string
	for i := range 8 {
		keys = append(keys, fmt.Sprint("key", i))
		p.must(p.store.Set(keys[i], make([]byte, 40), 0))
	}
	p.hook = func(op vfs.Op) error {
		if op.Kind == vfs.OpFileSync && op.Name == segment.ManifestTemp {
			return fmt.Errorf("%w: %w", vfs.ErrNoSpace, errInjected)
		}
		return nil
	}
	for _, key := range keys {
		err := p.store.Delete(key)
		if p.poison() == nil {
			p.must(err)
		} else if !errors.Is(err, ErrPoisoned) {
			p.fail("delete %s from a poisoned store: %v", key, err)
		}
	}
	if p.poison() == nil {
		p.fail("the segment was not full")
	}
}
