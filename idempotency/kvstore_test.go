package idempotency_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store"
	"github.com/spcent/plumego/store/idempotency"
	"github.com/spcent/plumego/store/idempotency/idemtest"
	"github.com/spcent/plumego/store/kv"
)

// TestStore runs the contract on engines of every kind.
func TestStore(t *testing.T) {
	for name, options := range map[string]func(t *testing.T) kv.Options{
		"in memory": func(*testing.T) kv.Options { return kv.Options{InMemory: true} },
		"on disk": func(t *testing.T) kv.Options {
			return kv.Options{DataDir: t.TempDir(), Sync: kv.SyncNever, SegmentSize: 16 << 10}
		},
	} {
		t.Run(name, func(t *testing.T) {
			idemtest.RunKV(t, func(t *testing.T, now func() time.Time) store.KV {
				opts := options(t)
				opts.Now = now
				return open(t, opts).KV()
			})
		})
	}
}

// open opens an engine that is verified and closed when the test is over.
func open(t testing.TB, opts kv.Options) *kv.KVStore {
	t.Helper()
	engine, err := kv.NewKVStore(opts)
	require.NoError(t, err)
	t.Cleanup(func() {
		if opts.DataDir != "" {
			_, err := engine.Verify(t.Context())
			require.NotErrorIs(t, err, store.ErrCorrupt)
		}
		require.NoError(t, engine.Close())
	})
	return engine
}

// TestStoresShareAnEngine, each with its prefix, and its records only.
func TestStoresShareAnEngine(t *testing.T) {
	engine := open(t, kv.Options{InMemory: true})
	record := func(response string) idempotency.Record {
		return idempotency.Record{Status: idempotency.StatusCompleted, Response: []byte(response)}
	}
	a, err := idempotency.NewKVStore(engine.KV(), "a:")
	require.NoError(t, err)
	b, err := idempotency.NewKVStore(engine.KV(), "aa:")
	require.NoError(t, err)
	require.NoError(t, a.Set(t.Context(), "a:x", record("a")))
	require.NoError(t, b.Set(t.Context(), "x", record("b")))
	require.NoError(t, engine.Set("a:foreign", []byte("not a record"), 0))
	for _, c := range []struct {
		store     *idempotency.KVStore
		key, want string
	}{{a, "a:x", "a"}, {b, "x", "b"}} {
		got, err := c.store.Get(t.Context(), c.key)
		require.NoError(t, err)
		require.Equal(t, c.want, string(got.Response))
	}
	_, err = a.Get(t.Context(), "x")
	require.ErrorIs(t, err, idempotency.ErrNotFound)
	_, err = a.Get(t.Context(), "foreign")
	require.ErrorIs(t, err, idempotency.ErrCorrupt)
	require.ErrorIs(t, err, store.ErrCorrupt)
	_, err = a.Claim(t.Context(), "foreign", "", idempotency.Terms{Lease: time.Second, Retention: time.Second})
	require.ErrorIs(t, err, idempotency.ErrCorrupt)
	require.NoError(t, a.Set(t.Context(), "foreign", record("mended")))
}

// TestOptionsAreChecked at the door.
func TestOptionsAreChecked(t *testing.T) {
	engine := open(t, kv.Options{InMemory: true}).KV()
	for name, make := range map[string]func() (*idempotency.KVStore, error){
		"no prefix":    func() (*idempotency.KVStore, error) { return idempotency.NewKVStore(engine, "") },
		"a bare colon": func() (*idempotency.KVStore, error) { return idempotency.NewKVStore(engine, ":") },
		"no colon":     func() (*idempotency.KVStore, error) { return idempotency.NewKVStore(engine, "idem") },
		"two colons":   func() (*idempotency.KVStore, error) { return idempotency.NewKVStore(engine, "a:b:") },
		"no retention": func() (*idempotency.KVStore, error) {
			return idempotency.NewKVStore(engine, "a:", idempotency.WithRetention(0))
		},
		"a negative response": func() (*idempotency.KVStore, error) {
			return idempotency.NewKVStore(engine, "a:", idempotency.WithMaxResponse(-1))
		},
		"no clock": func() (*idempotency.KVStore, error) { return idempotency.NewKVStore(timeless{engine}, "a:") },
	} {
		_, err := make()
		require.ErrorIs(t, err, idempotency.ErrInvalid, name)
		require.ErrorIs(t, err, store.ErrInvalid, name)
	}
	_, err := idempotency.NewKVStore(timeless{engine}, "a:", idempotency.WithClock(time.Now))
	require.NoError(t, err)
}

// timeless is an engine that does not tell the time.
type timeless struct{ store.KV }

// TestResponsesAreBounded to the byte.
func TestResponsesAreBounded(t *testing.T) {
	s, err := idempotency.NewKVStore(open(t, kv.Options{InMemory: true}).KV(), "a:", idempotency.WithMaxResponse(10))
	require.NoError(t, err)
	record := idempotency.Record{Status: idempotency.StatusCompleted, Response: make([]byte, 10)}
	require.NoError(t, s.Set(t.Context(), "k", record))
	record.Response = make([]byte, 11)
	require.ErrorIs(t, s.Set(t.Context(), "k", record), idempotency.ErrTooLarge)
	got, err := s.Get(t.Context(), "k")
	require.NoError(t, err)
	require.Len(t, got.Response, 10)
}
