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

// The interfaces of github.com/alexedwards/scs/v2, as of v2.9.0.
type (
	scsStore interface {
		Delete(token string) (err error)
		Find(token string) (b []byte, found bool, err error)
		Commit(token string, b []byte, expiry time.Time) (err error)
	}
	scsIterableStore interface {
		All() (map[string][]byte, error)
	}
	scsCtxStore interface {
		scsStore
		DeleteCtx(ctx context.Context, token string) (err error)
		FindCtx(ctx context.Context, token string) (b []byte, found bool, err error)
		CommitCtx(ctx context.Context, token string, b []byte, expiry time.Time) (err error)
	}
	scsIterableCtxStore interface {
		AllCtx(ctx context.Context) (map[string][]byte, error)
	}
)

var (
	_ scsCtxStore         = (*dropin.SCSStore)(nil)
	_ scsIterableStore    = (*dropin.SCSStore)(nil)
	_ scsIterableCtxStore = (*dropin.SCSStore)(nil)
)

func requireSession(t *testing.T, s *dropin.SCSStore, token, want string) {
	t.Helper()
	b, found, err := s.Find(token)
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, want, string(b))
}

func requireNoSession(t *testing.T, s *dropin.SCSStore, token string) {
	t.Helper()
	b, found, err := s.Find(token)
	require.NoError(t, err)
	require.False(t, found)
	require.Nil(t, b)
}

func TestSCSStore(t *testing.T) {
	h := newHouse(t)
	s := dropin.NewSCSStore(h.KVStore, "session:")

	all, err := s.All()
	require.NoError(t, err)
	require.NotNil(t, all)
	require.Empty(t, all)
	requireNoSession(t, s, "token")
	require.NoError(t, s.Delete("token"), "that there is none is no error")

	require.NoError(t, s.Commit("token", []byte("old"), h.time.Add(time.Minute)))
	require.NoError(t, s.Commit("token", []byte("new"), h.time.Add(2*time.Minute)))
	require.NoError(t, s.Commit("other", nil, h.time.Add(time.Minute)))
	h.reopen()
	s = dropin.NewSCSStore(h.KVStore, "session:")
	requireSession(t, s, "token", "new")
	requireSession(t, s, "other", "")

	h.time = h.time.Add(time.Minute - time.Millisecond)
	requireSession(t, s, "other", "")
	h.time = h.time.Add(time.Millisecond)
	requireNoSession(t, s, "other")
	all, err = s.All()
	require.NoError(t, err)
	require.Equal(t, map[string][]byte{"token": []byte("new")}, all)

	require.NoError(t, s.Delete("token"))
	requireNoSession(t, s, "token")
}

func TestSCSTokensThatAreNone(t *testing.T) {
	h := newHouse(t)
	s := dropin.NewSCSStore(h.KVStore, "session:")
	require.NoError(t, h.Set("session:", []byte("somebody else's"), 0))
	for _, token := range []string{"", strings.Repeat("x", kv.MaxKeySize)} {
		requireNoSession(t, s, token)
		require.NoError(t, s.Delete(token))
		require.ErrorIs(t, s.Commit(token, nil, h.time.Add(time.Hour)), kv.ErrInvalidKey)
	}
	all, err := s.All()
	require.NoError(t, err)
	require.Empty(t, all)
}

// TestSCSExpiryInThePast ends a session that was there.
func TestSCSExpiryInThePast(t *testing.T) {
	h := newHouse(t)
	s := dropin.NewSCSStore(h.KVStore, "session:")
	for name, expiry := range map[string]time.Time{
		"now":           h.time,
		"long ago":      h.time.Add(-1000 * time.Hour),
		"the zero time": {},
	} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, s.Commit("token", []byte("v"), h.time.Add(time.Hour)))
			require.NoError(t, s.Commit("token", []byte("v"), expiry))
			requireNoSession(t, s, "token")
		})
	}
}

func TestSCSDataIsCopied(t *testing.T) {
	h := newHouse(t)
	s := dropin.NewSCSStore(h.KVStore, "session:")
	b := []byte("value")
	require.NoError(t, s.Commit("token", b, h.time.Add(time.Hour)))
	b[0] = 'X'
	b, _, err := s.Find("token")
	require.NoError(t, err)
	require.Equal(t, "value", string(b))
	b[0] = 'X'
	requireSession(t, s, "token", "value")
}
