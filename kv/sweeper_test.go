package kv

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store/internal/vfs"
)

// In these tests time is that of a synctest bubble: it moves on only when
// every goroutine waits, and then to the next timer.

func TestSweeperWakesAtTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := mustOpen(t, Options{InMemory: true, SweepInterval: time.Second})
		for _, ttl := range []time.Duration{time.Hour, 10 * time.Second, time.Minute} {
			require.NoError(t, s.Set(ttl.String(), nil, ttl))
		}
		time.Sleep(10*time.Second - time.Millisecond)
		synctest.Wait()
		require.Equal(t, 0, swept(s), "a millisecond before the first deadline")
		time.Sleep(time.Millisecond)
		synctest.Wait()
		require.Equal(t, 1, swept(s), "at the first deadline")
		time.Sleep(50 * time.Second)
		synctest.Wait()
		require.Equal(t, 2, swept(s), "at the second")
		require.NoError(t, s.Expire("1h0m0s", 2*time.Hour))
		time.Sleep(time.Hour)
		synctest.Wait()
		require.Equal(t, 2, swept(s), "a deadline that was moved")
		require.NoError(t, s.Expire("1h0m0s", time.Second))
		time.Sleep(time.Second)
		synctest.Wait()
		require.Equal(t, 3, swept(s), "and moved to be the next")
		require.NoError(t, s.Close())
	})
}

// TestSweeperKeepsItsInterval expires keys every 10 ms for a minute: there
// may be one sweep in each interval and no more.
func TestSweeperKeepsItsInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := mustOpen(t, Options{InMemory: true, SweepInterval: 5 * time.Second})
		start := time.Now()
		for i := range 6000 {
			require.NoError(t, s.SetUntil(string(rune(i+0x4e00)), nil, start.Add(time.Duration(i+1)*10*time.Millisecond)))
		}
		sweeps, before := 0, 0
		for range 6000 {
			time.Sleep(10 * time.Millisecond)
			synctest.Wait()
			if n := swept(s); n != before {
				sweeps, before = sweeps+1, n
			}
		}
		require.Equal(t, 12, sweeps, "in a minute, one every 5 seconds")
		require.NoError(t, s.Close())
	})
}

// TestNoTimerWhenIdle counts who asks for the time during a day on which
// nothing is due: a goroutine that woke up would.
func TestNoTimerWhenIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int64
		now := func() time.Time { asked.Add(1); return time.Now() }
		s := mustOpen(t, Options{InMemory: true, Now: now, Sync: SyncInterval})
		require.NoError(t, s.Set("permanent", nil, 0))
		require.NoError(t, s.Set("long", nil, 48*time.Hour))
		require.NoError(t, s.Set("short", nil, time.Second))
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Equal(t, 1, swept(s))

		before := asked.Load()
		time.Sleep(24 * time.Hour)
		synctest.Wait()
		require.Equal(t, before, asked.Load(), "somebody woke up on a day without a deadline")
		time.Sleep(24 * time.Hour)
		synctest.Wait()
		require.Equal(t, 2, swept(s))
		require.NoError(t, s.Close())
	})
}

// TestSweeperOff leaves expired keys where they are, invisible.
func TestSweeperOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := mustOpen(t, Options{InMemory: true, SweepInterval: -1})
		require.NoError(t, s.Set("key", nil, time.Second))
		time.Sleep(time.Hour)
		synctest.Wait()
		require.Equal(t, 0, swept(s))
		require.Equal(t, 1, s.engine.index.Len())
		require.False(t, s.Exists("key"))
		require.Zero(t, s.Len())
		require.NoError(t, s.Close())
	})
}

// TestSyncIntervalSyncsInTime counts the syncs of a segment: one SyncEvery
// after the first unsynced write, and none while there is nothing to sync.
func TestSyncIntervalSyncsInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDisk(t)
		var syncs atomic.Int64
		d.SetHook(func(op vfs.Op) error {
			if op.Kind == vfs.OpFileSync && isSegment(op.Name) {
				syncs.Add(1)
			}
			return nil
		})
		s := mustOpen(t, Options{DataDir: imageDir, fs: d, Sync: SyncInterval, SyncEvery: 5 * time.Second, SweepInterval: -1})
		require.NoError(t, s.Set("key", nil, 0))
		header := syncs.Load()
		for range 4 {
			time.Sleep(time.Second)
			require.NoError(t, s.Set("key", nil, 0))
		}
		time.Sleep(time.Second - 1)
		synctest.Wait()
		require.Equal(t, int64(0), syncs.Load()-header, "just before")
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		require.Equal(t, int64(1), syncs.Load()-header, "five seconds after the first")
		require.Equal(t, s.Stats().LastSeq, s.Stats().DurableSeq)

		time.Sleep(24 * time.Hour)
		synctest.Wait()
		require.Equal(t, int64(1), syncs.Load()-header, "nothing to sync for a day")

		require.NoError(t, s.Set("key", nil, 0))
		time.Sleep(5 * time.Second)
		synctest.Wait()
		require.Equal(t, int64(2), syncs.Load()-header)
		require.NoError(t, s.Close())
	})
}

// swept returns how many keys the sweeper has taken away.
func swept(s *KVStore) int { return int(s.engine.sweeper.swept.Load()) }
