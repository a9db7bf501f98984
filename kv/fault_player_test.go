package kv

import (
	"errors"
	"fmt"

	"github.com/spcent/plumego/store/internal/vfs"
)

// errInjected is the failure that the fault suites inject.
var errInjected = errors.New("injected failure")

// fault is a failure to inject.
type fault struct {
	nth    int // the number of the call that fails first
	spread spread
	// part is how much of a failing write gets through, in halves; 2 is all
	// but one byte.
	part int
	// full says that the failure is one of space.
	full bool
}

// err returns the failure.
func (f fault) err() error {
	if f.full {
		return fmt.Errorf("%w: %w", vfs.ErrNoSpace, errInjected)
	}
	return errInjected
}

// spread says which calls fail after the first.
type spread int

const (
	once     spread = iota // none
	likewise               // all of the same kind
	allOver                // all
)

func (f fault) String() string {
	spread := [...]string{"once", "and all of its kind", "and all others"}[f.spread]
	return fmt.Sprintf("call %d fails (%s, part %d, %v)", f.nth, spread, f.part, f.err())
}

// injector fails calls.
type injector struct {
	fault
	calls int
	first *vfs.Op // the call that failed first; nil before
	over  bool    // no more faults
}

// strike is the hook that makes the fault happen.
func (j *injector) strike(op vfs.Op) error {
	j.calls++
	if j.over || !j.hits(op) {
		return nil
	}
	if j.first == nil {
		j.first = &op
	}
	if op.Kind == vfs.OpWrite && j.part > 0 {
		n := min(int(op.Length)-1, j.part*int(op.Length)/2)
		return &vfs.PartialWrite{N: n, Err: j.err()}
	}
	return j.err()
}

func (j *injector) hits(op vfs.Op) bool {
	switch {
	case j.first == nil:
		return j.calls == j.nth
	case j.spread == likewise:
		return op.Kind == j.first.Kind
	}
	return j.spread == allOver && op.Kind != vfs.OpUnmap
}

// callsOf plays a script without faults and returns its calls.
func callsOf(p *player) []vfs.Op {
	var ops []vfs.Op
	p.hook = func(op vfs.Op) error {
		ops = append(ops, op)
		return nil
	}
	p.run(func() {})
	return ops
}
