package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store/kv"
)

// liveStore is the store of newStore, open in an application that has written
// on: 2000 more keys in some segments.
func liveStore(t *testing.T) (dir string, app *kv.KVStore) {
	t.Helper()
	dir = newStore(t)
	app, err := kv.NewKVStore(kv.Options{DataDir: dir, SegmentSize: 64 << 10, Sync: kv.SyncNever})
	require.NoError(t, err)
	for i := range 2000 {
		require.NoError(t, app.Set(fmt.Sprintf("live:%04d", i), make([]byte, 100), time.Hour))
	}
	require.NoError(t, app.Set("greeting", []byte("live"), time.Hour))
	return dir, app
}

func TestReadingCommandsWorkBesideAnApplication(t *testing.T) {
	dir, app := liveStore(t)
	copied := filepath.Join(t.TempDir(), "copy")
	for _, tt := range []struct {
		args []string
		want string // within the output
	}{
		{[]string{"get", dir, "greeting"}, "live"},
		{[]string{"exists", dir, "live:1999"}, "yes"},
		{[]string{"ttl", dir, "greeting"}, "59m"},
		{[]string{"scan", dir, "live:", "-keys", "-limit", "2"}, "live:0000\nlive:0001\n"},
		{[]string{"count", dir}, "2005\n"},
		{[]string{"stats", dir}, "keys            2005\n"},
		{[]string{"inspect", dir}, "sealed"},
		{[]string{"verify", dir}, " 2005 keys, "},
		{[]string{"dump", dir, "greeting"}, `"value":"live"`},
		{[]string{"backup", dir, copied}, "2005 keys, "},
	} {
		require.Contains(t, must(t, kvctl(tt.args...)), tt.want, tt.args[0])
	}
	require.Equal(t, must(t, kvctl("dump", dir)), must(t, kvctl("dump", copied)))
	must(t, kvctl("verify", copied))
	require.NoError(t, app.Close())
}

func TestWritingCommandsAreLockedOut(t *testing.T) {
	dir, app := liveStore(t)
	for _, args := range [][]string{{"set", dir, "k", "v"}, {"del", dir, "greeting"}, {"incr", dir, "visits"}, {"load", dir}, {"compact", dir}} {
		got := kvctl(args...)
		require.Equal(t, exitError, got.code, args[0])
		require.Equal(t, "kvctl: "+dir+" is in use by another process (locked)\n", got.stderr, args[0])
	}
	require.NoError(t, app.Close())
	must(t, kvctl("set", dir, "k", "v"))
}

// TestReadingCommandsBesideABusyApplication runs commands while an application
// writes, rotates and compacts. The counter never goes back.
func TestReadingCommandsBesideABusyApplication(t *testing.T) {
	dir, app := liveStore(t)
	require.NoError(t, app.Set("counter", fmt.Appendf(nil, "%08d", 0), 0))
	stop, stopped := make(chan struct{}), make(chan int)
	go func() {
		n := 0
		defer func() { stopped <- n }()
		for ; ; n++ {
			select {
			case <-stop:
				return
			default:
			}
			err := app.Set("counter", fmt.Appendf(nil, "%08d", n), 0)
			if err == nil {
				err = app.Set(fmt.Sprint("busy:", n%500), make([]byte, n%1000), 0)
			}
			if err != nil {
				t.Error(err)
				return
			}
		}
	}()
	last := ""
	for i := range 10 {
		got := must(t, kvctl("get", dir, "counter"))
		require.GreaterOrEqual(t, got, last)
		last = got
		copied := filepath.Join(t.TempDir(), fmt.Sprint("copy", i))
		for _, args := range [][]string{{"verify", dir}, {"inspect", dir}, {"backup", dir, copied}, {"verify", copied}} {
			got := kvctl(args...)
			require.Equal(t, exitOK, got.code, "%s: %s", args[0], got.stderr)
			require.False(t, strings.Contains(got.stderr, "corrupt"), got.stderr)
		}
		require.GreaterOrEqual(t, must(t, kvctl("get", copied, "counter")), last)
	}
	close(stop)
	t.Logf("%d rounds of the application", <-stopped)
	require.NoError(t, app.Close())
	must(t, kvctl("verify", dir))
}
