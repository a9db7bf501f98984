package file_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store"
	"github.com/spcent/plumego/store/file/filetest"
	kvstore "github.com/spcent/plumego/store/kv"
)

// TestKVStorage runs the contract on stores of two kinds.
func TestKVStorage(t *testing.T) {
	for name, options := range map[string]func(t *testing.T) kvstore.Options{
		"in memory": func(*testing.T) kvstore.Options { return kvstore.Options{InMemory: true} },
		"on disk": func(t *testing.T) kvstore.Options {
			return kvstore.Options{DataDir: t.TempDir(), Sync: kvstore.SyncNever, SegmentSize: 256 << 10}
		},
	} {
		t.Run(name, func(t *testing.T) {
			filetest.KV(t, func(t *testing.T, now func() time.Time) store.KV {
				opts := options(t)
				opts.Now = now
				s, err := kvstore.NewKVStore(opts)
				require.NoError(t, err)
				return s.KV()
			})
		})
	}
}
