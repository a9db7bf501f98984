package kv

import (
	"runtime"
	"testing"
	"weak"

	"github.com/stretchr/testify/require"
)

// TestAClosedStoreIsGone: what a store held is free at the next collection
// after it was closed. If it took one or two more, and stores were opened and
// closed one after the other, each collection would find the more alive, and
// so come the later.
func TestAClosedStoreIsGone(t *testing.T) {
	gone := useAndClose(t)
	runtime.GC()
	require.True(t, gone.Value() == nil)
}

// useAndClose does with a store what needs memory to work in.
//
//go:noinline
func useAndClose(t *testing.T) weak.Pointer[engine] {
	s := mustOpen(t, Options{InMemory: true})
	require.NoError(t, s.Update(func(tx *Tx) error { return tx.Set("key", []byte("value"), 0) }))
	for _, err := range s.Scan("") {
		require.NoError(t, err)
	}
	require.Len(t, collect(s.Keys("")), 1)
	require.NoError(t, s.Close())
	return weak.Make(s.engine)
}
