package kv

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

// leavesNoGoroutine runs fn and wants as many goroutines after it as before.
// One that has said it is done may need a moment to be gone. Not for
// parallel tests.
func leavesNoGoroutine(t *testing.T, fn func()) {
	t.Helper()
	before := runtime.NumGoroutine()
	fn()
	for range 1_000_000 {
		if runtime.NumGoroutine() <= before {
			return
		}
		runtime.Gosched()
	}
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	require.Failf(t, "goroutines left", "%d before, %d after:\n%s", before, runtime.NumGoroutine(), stacks)
}

// eventually waits, without sleeping, until something that another goroutine
// is about to do has been done.
func eventually(t testing.TB, what string, is func() bool) {
	t.Helper()
	for range 50_000_000 {
		if is() {
			return
		}
		runtime.Gosched()
	}
	require.Fail(t, "never happened: "+what)
}
