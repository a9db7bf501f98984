package dropin_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store/kv"
	"github.com/spcent/plumego/store/kv/dropin"
)

// The Storage of github.com/gofiber/fiber/v2, as of v2.52.15, and of v3, as of
// v3.1.0.
type (
	fiber2Storage interface {
		Get(key string) ([]byte, error)
		Set(key string, val []byte, exp time.Duration) error
		Delete(key string) error
		Reset() error
		Close() error
	}
	fiber3Storage interface {
		fiber2Storage
		GetWithContext(ctx context.Context, key string) ([]byte, error)
		SetWithContext(ctx context.Context, key string, val []byte, exp time.Duration) error
		DeleteWithContext(ctx context.Context, key string) error
		ResetWithContext(ctx context.Context) error
	}
)

var _ fiber3Storage = (*dropin.FiberStorage)(nil)

func requireValue(t *testing.T, s *dropin.FiberStorage, key, want string) {
	t.Helper()
	b, err := s.Get(key)
	require.NoError(t, err)
	require.Equal(t, want, string(b))
}

// requireNothing asks for nil, nil.
func requireNothing(t *testing.T, s *dropin.FiberStorage, key string) {
	t.Helper()
	b, err := s.Get(key)
	require.NoError(t, err)
	require.Nil(t, b)
}

func TestFiberStorage(t *testing.T) {
	h := newHouse(t)
	s := dropin.NewFiberStorage(h.KVStore, "fiber:")
	requireNothing(t, s, "k")
	require.NoError(t, s.Delete("k"), "that it has no value is no error")
	require.NoError(t, s.Reset(), "of nothing")

	require.NoError(t, s.Set("k", []byte("old"), time.Minute))
	require.NoError(t, s.Set("k", []byte("new"), 0))
	require.NoError(t, s.Set("brief", []byte("v"), 500*time.Millisecond))
	h.reopen()
	s = dropin.NewFiberStorage(h.KVStore, "fiber:")
	requireValue(t, s, "k", "new")
	h.time = h.time.Add(499 * time.Millisecond)
	requireValue(t, s, "brief", "v")
	h.time = h.time.Add(time.Millisecond)
	requireNothing(t, s, "brief")
	h.time = h.time.AddDate(50, 0, 0)
	requireValue(t, s, "k", "new")

	require.NoError(t, s.Delete("k"))
	requireNothing(t, s, "k")

	require.NoError(t, s.Set("k", []byte("v"), 0))
	require.NoError(t, s.Reset())
	requireNothing(t, s, "k")
	require.NoError(t, s.Set("k", []byte("again"), 0), "Reset is no end")
	requireValue(t, s, "k", "again")
}

func TestFiberIgnoresWhatIsEmpty(t *testing.T) {
	h := newHouse(t)
	s := dropin.NewFiberStorage(h.KVStore, "fiber:")
	require.NoError(t, s.Set("k", []byte("v"), 0))
	before := h.Stats().LastSeq
	require.NoError(t, s.Set("", []byte("v"), 0))
	require.NoError(t, s.Set("k", nil, 0))
	require.NoError(t, s.Set("k", []byte{}, -1))
	require.NoError(t, s.Delete(""))
	requireNothing(t, s, "")
	require.Equal(t, before, h.Stats().LastSeq)
	requireValue(t, s, "k", "v")
}

func TestFiberTimeThatIsOver(t *testing.T) {
	h := newHouse(t)
	s := dropin.NewFiberStorage(h.KVStore, "fiber:")
	require.NoError(t, s.Set("k", []byte("v"), 0))
	require.NoError(t, s.Set("k", []byte("w"), -time.Second))
	requireNothing(t, s, "k")
}

func TestFiberKeyThatIsTooLong(t *testing.T) {
	h := newHouse(t)
	s := dropin.NewFiberStorage(h.KVStore, "fiber:")
	key := strings.Repeat("x", kv.MaxKeySize)
	requireNothing(t, s, key)
	require.NoError(t, s.Delete(key))
	require.ErrorIs(t, s.Set(key, []byte("v"), 0), kv.ErrInvalidKey)
	longest := key[len("fiber:"):]
	require.NoError(t, s.Set(longest, []byte("v"), 0))
	requireValue(t, s, longest, "v")
}
