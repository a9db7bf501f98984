package db

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store"
)

// What a KV does on real databases is in dbtest. Here it is what the server,
// or the context, does at the wrong moment.

func fakeKV(t *testing.T, f *fake) *KV {
	t.Helper()
	f.columns, f.rows = []string{"n"}, [][]driver.Value{{int64(7)}}
	now := func() time.Time { return time.UnixMilli(1000) }
	k, err := NewKVWithOptions(opened(t, f), PostgreSQL, KVOptions{Table: "t", Now: now, ReapInterval: -1})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, k.Close()) })
	return k
}

const (
	sayClaim  = "UPDATE t_lanes SET n = n + $1 WHERE lane = $2 RETURNING n"
	sayInsert = "INSERT INTO t (k, v, version, deadline) VALUES ($1, $2, $3, $4)" +
		" ON CONFLICT (k) DO UPDATE SET v = excluded.v, version = excluded.version, deadline = excluded.deadline"
)

func TestAKVsCommitIsAskedForOnce(t *testing.T) {
	why := errors.New("the user went away")
	for _, c := range []struct {
		name string
		at   string // where the context ends
		done bool
	}{
		{"before it, the context ends it", sayInsert, false},
		{"at it, the context is late", "COMMIT", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			f := &fake{hook: map[string]func(){c.at: func() { cancel(why) }}}
			versions, err := fakeKV(t, f).Commit(ctx, store.Change{Key: "k"})
			if c.done {
				require.NoError(t, err)
				require.Equal(t, []uint64{7}, versions)
				require.Equal(t, []string{"BEGIN", sayClaim, sayInsert, "COMMIT"}, f.said())
				return
			}
			require.ErrorIs(t, err, context.Canceled)
			require.ErrorIs(t, err, why)
			require.NotErrorIs(t, err, ErrCommitUnknown)
			require.NotContains(t, f.said(), "COMMIT")
		})
	}
}

func TestAKVSaysWhenItDoesNotKnow(t *testing.T) {
	f := &fake{fail: map[string]error{"COMMIT": io.ErrUnexpectedEOF}}
	_, err := fakeKV(t, f).Commit(t.Context(), store.Change{Key: "k"})
	require.ErrorIs(t, err, ErrCommitUnknown)
	require.Equal(t, []string{"BEGIN", sayClaim, sayInsert, "COMMIT"}, f.said(), "it was tried again")
}

func TestAKVTriesAgainWhatAnotherWasInTheWayOf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{fail: map[string]error{sayInsert: stated("40P01")}}
		n := 0
		f.hook = map[string]func(){sayInsert: func() {
			f.mu.Lock()
			defer f.mu.Unlock()
			if n++; n == 3 {
				f.fail = nil
			}
		}}
		_, err := fakeKV(t, f).Commit(t.Context(), store.Change{Key: "k"})
		require.NoError(t, err)
		count := func(s string) int {
			return len(slices.DeleteFunc(f.said(), func(said string) bool { return said != s }))
		}
		require.Equal(t, []int{3, 2, 1}, []int{count("BEGIN"), count("ROLLBACK"), count("COMMIT")}, strings.Join(f.said(), "\n"))
	})
}

func TestAKVGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		f := &fake{fail: map[string]error{sayInsert: stated("40001")}}
		_, err := fakeKV(t, f).Commit(t.Context(), store.Change{Key: "k"})
		require.ErrorIs(t, err, stated("40001"))
		require.Less(t, time.Since(start), 10*time.Second)
	})
}

func TestAKVLocksLanesInOneOrder(t *testing.T) {
	var changes []store.Change
	for _, key := range strings.Split("qwertyuiopasdfghjklzxcvbnm", "") {
		changes = append(changes, store.Change{Key: key})
	}
	f := &fake{}
	k := fakeKV(t, f)
	_, err := k.Commit(t.Context(), changes...)
	require.NoError(t, err)
	var locked []int64
	for _, args := range f.args[sayClaim] {
		locked = append(locked, args[1].Value.(int64))
	}
	require.Greater(t, len(locked), 8)
	require.True(t, slices.IsSorted(locked), "%v", locked)
}

func TestMillisecondsOfDeadlines(t *testing.T) {
	for _, c := range []struct {
		at   time.Time
		want int64
	}{
		{time.Time{}, never},
		{time.UnixMilli(5), 5},
		{time.UnixMilli(5).Add(1), 6},
		{time.UnixMilli(-5).Add(-1), -5},
		{time.Unix(1<<60, 0), never - 1},
		{time.Unix(-(1 << 60), 0), -1 << 63},
	} {
		require.Equal(t, c.want, millis(c.at), c.at)
	}
}
