package kv

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestDeletePrefix(t *testing.T) {
	for policy := SyncAlways; policy <= SyncNever; policy++ {
		d := newDisk(t)
		clock := newHandClock()
		opts := onDisk(d, clock)
		opts.Sync = policy
		w := newScribeWith(t, opts, clock, ledger{})
		for i := range 600 {
			w.set(fmt.Sprint("session:", i), "v", 0)
		}
		w.set("session:brief", "v", time.Second)
		w.set("session;", "not of the prefix", 0)
		w.set("sessio", "nor this", 0)
		clock.pass(time.Second)
		syncs := w.s.Stats().Syncs
		n, err := w.s.DeletePrefix("session:")
		require.NoError(t, err)
		require.Equal(t, 600, n, "and not what had expired")
		require.Less(t, w.s.Stats().Syncs-syncs, uint64(100))
		want := ledger{"session;": {value: "not of the prefix"}, "sessio": {value: "nor this"}}
		requireHoldings(t, want, w.s, "deleted")
		w.reopen(d)
		requireHoldings(t, want, w.s, "opened again")
		n, err = w.s.DeletePrefix("")
		require.NoError(t, err)
		require.Equal(t, 2, n)
		n, err = w.s.DeletePrefix("nobody")
		require.NoError(t, err)
		require.Zero(t, n)
		require.NoError(t, w.s.Close())
		_, err = w.s.DeletePrefix("")
		require.ErrorIs(t, err, ErrStoreClosed)
	}
}
