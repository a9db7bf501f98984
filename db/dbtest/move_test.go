package dbtest

import (
	"bytes"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store"
	"github.com/spcent/plumego/store/db"
	"github.com/spcent/plumego/store/kv"
)

// TestTheMoveOffOneMachine is the README's page: a store's dump is loaded into
// a table, and holds what the store held.
func TestTheMoveOffOneMachine(t *testing.T) {
	kvctl := filepath.Join(t.TempDir(), "kvctl")
	out, err := exec.Command("go", "build", "-o", kvctl, "github.com/spcent/plumego/store/kv/cmd/kvctl").CombinedOutput()
	require.NoError(t, err, string(out))

	dir := t.TempDir()
	old, err := kv.NewKVStore(kv.Options{DataDir: dir, Sync: kv.SyncNever})
	require.NoError(t, err)
	for i := range 300 {
		require.NoError(t, old.Set(fmt.Sprintf("user:%03d", i), noise(i), 0))
	}
	require.NoError(t, old.Set("\x00\xff\n", []byte("é\x80"), 0))
	require.NoError(t, old.Set("session:1", []byte(`{"a":"<&>"}`), time.Hour))
	require.NoError(t, old.Set("empty", nil, 0))
	require.NoError(t, kv.NewRepository[user](old, "users:").Put(t.Context(), "1", user{Name: "Ada"}))
	var want []store.Item
	for item, err := range old.Scan("") {
		require.NoError(t, err)
		want = append(want, store.Item{Key: item.Key, Value: item.Value, Deadline: item.Deadline})
	}
	require.NoError(t, old.Close())

	cmd := exec.Command(kvctl, "dump", dir)
	cmd.Stderr = os.Stderr
	dump, err := cmd.Output()
	require.NoError(t, err)

	onEachDatabase(t, func(t *testing.T, b base, sqlDB *sql.DB) {
		k := b.kv(t, sqlDB, db.KVOptions{})
		for range 2 { // the second time changes nothing
			n, err := db.Load(t.Context(), k, bytes.NewReader(dump))
			require.NoError(t, err)
			require.EqualValues(t, len(want), n)
		}
		n := 0
		for item, err := range k.Scan(t.Context(), "", "") {
			require.NoError(t, err)
			require.Equal(t, want[n].Key, item.Key)
			require.Equal(t, string(want[n].Value), string(item.Value))
			require.True(t, want[n].Deadline.Equal(item.Deadline))
			n++
		}
		require.Equal(t, len(want), n)
		got, err := kv.NewKVRepository[user](k, "users:").Get(t.Context(), "1")
		require.NoError(t, err)
		require.Equal(t, "Ada", got.Name)
	})
}
