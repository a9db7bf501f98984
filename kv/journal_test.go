package kv

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestJournalIsBounded notes many keys, and long ones, for one reader that
// does not end, and asks what it and a later one can still be told.
func TestJournalIsBounded(t *testing.T) {
	for name, key := range map[string]string{"many": "k", "long": strings.Repeat("k", MaxKeySize)} {
		t.Run(name, func(t *testing.T) {
			var j journal
			j.note("before anybody reads")
			first := j.begin()
			j.note(key)
			keys, ok := j.since(first)
			require.True(t, ok)
			require.Equal(t, []string{key}, keys)
			for range 2 * journalSize {
				j.note(key)
				require.LessOrEqual(t, len(j.keys), journalSize)
				require.LessOrEqual(t, j.bytes, journalBytes)
			}
			_, ok = j.since(first)
			require.False(t, ok)
			later := j.begin()
			j.note("other")
			keys, ok = j.since(later)
			require.True(t, ok)
			require.Equal(t, []string{"other"}, keys)
			j.end()
			require.NotEmpty(t, j.keys)
			j.end()
			require.Empty(t, j.keys)
			require.Zero(t, j.bytes)
		})
	}
}
