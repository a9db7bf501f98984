package kv

import (
	"fmt"

	"github.com/spcent/plumego/store/internal/vfs"
)

// crashInOpen opens the store of an image, cuts the power before every call
// of that, in three ways, and does the same again to what is left, down to a
// depth. Whatever happens, the store must come to what the first recovery
// has shown.
func (c *crasher) crashInOpen(image *vfs.Disk, want state, depth int) error {
	var failed error
	calls := 0
	image.SetHook(func(op vfs.Op) error {
		calls++
		if onlyLooks(op.Kind) {
			return nil // what is left is the same before the next call
		}
		for _, keep := range []vfs.Keep{vfs.DropAll, vfs.KeepAll, vfs.Random} {
			left := image.CrashClone(randomFor(c.script.name, "again", c.count.again), keep)
			if err := c.mustComeTo(left, want, depth); err != nil && failed == nil {
				failed = fmt.Errorf("crash %d from the last, before call %d of recovery (%v): %w", depth, calls, op, err)
			}
		}
		return nil
	})
	_, err := c.look(image, []state{want})
	if failed != nil {
		return failed
	}
	return err
}

// onlyLooks reports whether a call leaves the disk as it is.
func onlyLooks(kind vfs.OpKind) bool {
	switch kind {
	case vfs.OpOpenDir, vfs.OpOpen, vfs.OpList, vfs.OpRead, vfs.OpSize, vfs.OpMap, vfs.OpUnmap, vfs.OpProtect:
		return true
	}
	return false
}

// mustComeTo judges what a crash has left of a recovery.
func (c *crasher) mustComeTo(left *vfs.Disk, want state, depth int) error {
	c.count.again++
	id := c.printOf(left)
	if c.again[id] {
		return nil
	}
	c.again[id] = true
	if depth > 1 {
		return c.crashInOpen(left, want, depth-1)
	}
	_, err := c.look(left, []state{want})
	return err
}
