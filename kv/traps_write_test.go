package kv

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store/internal/vfs"
)

// Each test here is a trap that has bitten another store; the numbers are
// those of the list it comes from.

// TestTrap06CutAtEveryByteOfTheLastWrite tears the last record of a killed
// store everywhere. It opens, loses that record at most, and what is written
// then is readable after a restart: nothing was appended behind garbage.
func TestTrap06CutAtEveryByteOfTheLastWrite(t *testing.T) {
	m := newSample(t, false, false)
	data := m.image[m.active]
	raws := recordsOf(data)
	last := raws[len(raws)-1]
	end := len(bytes.TrimRight(data, "\x00"))
	start := bytes.LastIndex(data, last)
	var count tally
	for cut := start; cut <= end; cut++ {
		zeroed := append(bytes.Clone(data[:cut]), make([]byte, len(data)-cut)...)
		for label, torn := range map[string][]byte{"shorter": data[:cut], "zeros": zeroed} {
			v := m.judge(t, m.with(m.active, torn), fmt.Sprintf("cut at %d, %s", cut, label))
			require.NotEqual(t, refused, v, "cut at %d, %s", cut, label)
			if v == lost {
				require.Equal(t, start, cut, "only where nothing of it is left is there nothing to report")
			}
			count[v]++
		}
	}
	t.Logf("%d bytes of the last record: %v", len(last), count)
}

// TestTrap13AFailedWriteLeavesNoGarbage fails a write in every way, after
// every number of bytes. The old value stands, the next write works, and
// both are there after a restart.
func TestTrap13AFailedWriteLeavesNoGarbage(t *testing.T) {
	failures := map[string]error{"disk full": vfs.ErrNoSpace, "input/output error": errIO}
	for name, cause := range failures {
		t.Run(name, func(t *testing.T) {
			for n := 0; n < 100; n += 3 {
				failOneWrite(t, cause, n)
			}
		})
	}
}

func failOneWrite(t *testing.T, cause error, n int) {
	d := newDisk(t)
	d.Placement = vfs.ByCall
	w := newScribe(t, d, newHandClock(), ledger{})
	w.set("key", "old", 0)
	d.SetHook(func(op vfs.Op) error {
		if op.Kind == vfs.OpWrite && strings.HasSuffix(op.Name, ".seg") && op.Length > 8*7 {
			d.SetHook(nil)
			return &vfs.PartialWrite{N: n, Err: cause}
		}
		return nil
	})
	err := w.s.Set("key", bytes.Repeat([]byte("new"), 30), 0)
	require.ErrorIs(t, err, cause, "%d bytes written", n)
	require.Equal(t, errors.Is(cause, vfs.ErrNoSpace), errors.Is(err, ErrNoSpace))
	requireHoldings(t, w.book, w.s, "after the failure")

	w.set("next", "value", 0)
	killed := d.KillClone()
	require.NoError(t, w.s.Close())
	for _, d := range []*vfs.Disk{d, killed} {
		s := mustOpenAgain(t, onDisk(d, w.clock))
		require.Zero(t, s.Stats().Recovery.TornBytes)
		requireHoldings(t, w.book, s, "reopened")
		require.NoError(t, s.Close())
	}
}
