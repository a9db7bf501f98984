package kv

import (
	"errors"
	"slices"
	"sync"

	"github.com/spcent/plumego/store/internal/vfs"
)

// errIO is what a failing disk says in these tests.
var errIO = errors.New("input/output error")

// failSyncs makes every sync of a file fail from now on.
func failSyncs(d *vfs.Disk) {
	d.SetHook(func(op vfs.Op) error {
		if op.Kind == vfs.OpFileSync {
			return errIO
		}
		return nil
	})
}

// opLog notes the calls on a disk.
type opLog struct {
	mu  sync.Mutex
	ops []vfs.Op
}

// record notes every call from now on.
func (l *opLog) record(d *vfs.Disk) {
	d.SetHook(func(op vfs.Op) error {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.ops = append(l.ops, op)
		return nil
	})
}

// take returns what was noted since the last time.
func (l *opLog) take() []vfs.Op {
	l.mu.Lock()
	defer l.mu.Unlock()
	ops := l.ops
	l.ops = nil
	return ops
}

// only returns the calls of these kinds, each as "kind name".
func only(ops []vfs.Op, kinds ...vfs.OpKind) (list []string) {
	for _, op := range ops {
		if slices.Contains(kinds, op.Kind) {
			list = append(list, op.Kind.String()+" "+op.Name)
		}
	}
	return list
}
