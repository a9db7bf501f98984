package kv_test

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store"
	"github.com/spcent/plumego/store/internal/repotest"
	"github.com/spcent/plumego/store/kv"
)

// newMemoryStore returns an in-memory store that the test's end closes.
func newMemoryStore(t *testing.T) *kv.KVStore {
	t.Helper()
	s, err := kv.NewKVStore(kv.Options{InMemory: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func TestRepositoryContract(t *testing.T) {
	t.Run("in memory", func(t *testing.T) {
		repotest.Run(t, func(t *testing.T) store.Repository[repotest.User] {
			return kv.NewRepository[repotest.User](newMemoryStore(t), "user:")
		})
	})
	t.Run("in a directory, among neighbours", func(t *testing.T) {
		repotest.Run(t, func(t *testing.T) store.Repository[repotest.User] {
			s, err := kv.NewKVStore(kv.Options{DataDir: t.TempDir(), Sync: kv.SyncNever})
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, s.Close()) })
			for _, key := range []string{"user", "user:", "user.admin:1", "user;", "usep:9", "userz:0"} {
				require.NoError(t, s.Set(key, []byte("no JSON"), 0))
			}
			return kv.NewRepository[repotest.User](s, "user:")
		})
	})
}

func TestRepositorySurvivesReopen(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	want := repotest.User{Name: "alice", Age: 41, Tags: []string{"admin"}}

	s, err := kv.NewKVStore(kv.Options{DataDir: dir})
	require.NoError(t, err)
	require.NoError(t, kv.NewRepository[repotest.User](s, "user:").Put(ctx, "1", want))
	require.NoError(t, s.Close())

	s, err = kv.NewKVStore(kv.Options{DataDir: dir})
	require.NoError(t, err)
	got, err := kv.NewRepository[repotest.User](s, "user:").Get(ctx, "1")
	require.NoError(t, err)
	require.Equal(t, want, got)
	require.NoError(t, s.Close())
}

func TestRepositoryKeyIsPrefixAndID(t *testing.T) {
	s := newMemoryStore(t)
	require.NoError(t, kv.NewRepository[int](s, "age:").Put(context.Background(), "alice:1", 41))
	b, err := s.Get("age:alice:1")
	require.NoError(t, err)
	require.Equal(t, "41", string(b))
}

func TestRepositoriesOfOneStoreShareNothing(t *testing.T) {
	ctx := context.Background()
	s := newMemoryStore(t)
	user := kv.NewRepository[string](s, "user:")
	admin := kv.NewRepository[string](s, "user.admin:")
	require.NoError(t, user.Put(ctx, "admin:1", "a user with an odd id"))
	require.NoError(t, admin.Put(ctx, "1", "an admin"))

	_, err := user.Get(ctx, "1")
	require.ErrorIs(t, err, store.ErrNotFound)
	require.Equal(t, []string{"admin:1"}, ids(t, user))
	require.Equal(t, []string{"1"}, ids(t, admin))
}

func TestRepositoryRefusesAPrefixThatCouldBeginAnother(t *testing.T) {
	ctx := context.Background()
	s := newMemoryStore(t)
	for _, prefix := range []string{"", ":", "user", "user:admin:", "user::", ":user:"} {
		r := kv.NewRepository[string](s, prefix)
		_, err := r.Get(ctx, "1")
		require.ErrorIs(t, err, kv.ErrInvalidOptions, "Get under %q", prefix)
		require.ErrorIs(t, err, store.ErrInvalid, "Get under %q", prefix)
		require.ErrorIs(t, r.Put(ctx, "1", "v"), kv.ErrInvalidOptions, "Put under %q", prefix)
		require.ErrorIs(t, r.Delete(ctx, "1"), kv.ErrInvalidOptions, "Delete under %q", prefix)
		for _, err := range r.List(ctx) {
			require.ErrorIs(t, err, kv.ErrInvalidOptions, "List under %q", prefix)
		}
	}
	require.Zero(t, s.Len(), "nothing was written")
}

func TestRepositoryRefusesAnIDThatIsTooLong(t *testing.T) {
	ctx := context.Background()
	r := kv.NewRepository[string](newMemoryStore(t), "user:")
	longest := strings.Repeat("x", kv.MaxKeySize-len("user:"))
	require.NoError(t, r.Put(ctx, longest, "v"))
	require.ErrorIs(t, r.Put(ctx, longest+"x", "v"), store.ErrInvalid)
}

func TestRepositoryExpiredEntityIsNotFound(t *testing.T) {
	ctx := context.Background()
	now := time.UnixMilli(1_000_000)
	s, err := kv.NewKVStore(kv.Options{InMemory: true, Now: func() time.Time { return now }})
	require.NoError(t, err)
	defer s.Close()
	r := kv.NewRepository[string](s, "user:")
	require.NoError(t, r.Put(ctx, "1", "v"))
	require.NoError(t, s.Expire("user:1", time.Second))

	now = now.Add(time.Second)
	_, err = r.Get(ctx, "1")
	require.ErrorIs(t, err, store.ErrNotFound)
	require.Empty(t, ids(t, r))
}

func TestRepositoryCodecFailure(t *testing.T) {
	ctx := context.Background()
	s := newMemoryStore(t)
	r := kv.NewRepository[float64](s, "rate:")
	require.NoError(t, s.Set("rate:b-secret", []byte(`{"pin": 4711}`), 0))
	require.NoError(t, r.Put(ctx, "a", 1))
	require.NoError(t, r.Put(ctx, "c", 3))

	t.Run("get says so without the key or the value", func(t *testing.T) {
		_, err := r.Get(ctx, "b-secret")
		require.EqualError(t, err, "kv: repository: cannot decode float64")
		var cause *json.UnmarshalTypeError
		require.ErrorAs(t, err, &cause, "the codec's own error is kept for the asker")
	})
	t.Run("list names the entity and goes on", func(t *testing.T) {
		var good, bad []string
		for e, err := range r.List(ctx) {
			if err != nil {
				bad = append(bad, e.ID)
				continue
			}
			good = append(good, e.ID)
		}
		require.Equal(t, []string{"a", "c"}, good)
		require.Equal(t, []string{"b-secret"}, bad)
	})
	t.Run("put of what has no form leaves the old value", func(t *testing.T) {
		err := r.Put(ctx, "a", math.NaN())
		require.EqualError(t, err, "kv: repository: cannot encode float64")
		got, err := r.Get(ctx, "a")
		require.NoError(t, err)
		require.Equal(t, 1.0, got)
	})
}

// reversed is a codec that is not JSON.
type reversed struct{}

func (reversed) Encode(v string) ([]byte, error) {
	if v == "" {
		return nil, errors.New("nothing to reverse")
	}
	b := []byte(v)
	for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
	return b, nil
}

func (r reversed) Decode(b []byte) (string, error) {
	v, err := r.Encode(string(b))
	return string(v), err
}

func TestRepositoryWithCodec(t *testing.T) {
	ctx := context.Background()
	s := newMemoryStore(t)
	r := kv.NewRepositoryWithCodec[string](s, "word:", reversed{})
	require.NoError(t, r.Put(ctx, "1", "abc"))
	b, err := s.Get("word:1")
	require.NoError(t, err)
	require.Equal(t, "cba", string(b))
	got, err := r.Get(ctx, "1")
	require.NoError(t, err)
	require.Equal(t, "abc", got)
}

func TestRepositoryAfterClose(t *testing.T) {
	ctx := context.Background()
	s, err := kv.NewKVStore(kv.Options{InMemory: true})
	require.NoError(t, err)
	r := kv.NewRepository[string](s, "user:")
	require.NoError(t, s.Close())

	_, err = r.Get(ctx, "1")
	require.ErrorIs(t, err, store.ErrClosed)
	require.ErrorIs(t, r.Put(ctx, "1", "v"), store.ErrClosed)
	require.ErrorIs(t, r.Delete(ctx, "1"), store.ErrClosed)
	steps := 0
	for _, err := range r.List(ctx) {
		require.ErrorIs(t, err, store.ErrClosed)
		steps++
	}
	require.Equal(t, 1, steps)
}

func ids[T any](t *testing.T, r store.Repository[T]) []string {
	t.Helper()
	var out []string
	for e, err := range r.List(context.Background()) {
		require.NoError(t, err)
		out = append(out, e.ID)
	}
	return out
}
