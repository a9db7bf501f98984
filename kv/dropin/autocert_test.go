package dropin_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store/kv"
	"github.com/spcent/plumego/store/kv/dropin"
)

// autocertCache is autocert.Cache of golang.org/x/crypto, as of v0.59.0.
type autocertCache interface {
	Get(ctx context.Context, key string) ([]byte, error)
	Put(ctx context.Context, key string, data []byte) error
	Delete(ctx context.Context, key string) error
}

var _ autocertCache = (*dropin.AutocertCache)(nil)

func TestAutocertCache(t *testing.T) {
	ctx := context.Background()
	h := newHouse(t)
	c := dropin.NewAutocertCache(h.KVStore, "cert:", errMiss)
	for _, key := range []string{"example.org", "example.org+rsa", "acme_account+key", "token+http-01"} {
		data, err := c.Get(ctx, key)
		require.True(t, err == errMiss, "autocert compares with ==")
		require.Nil(t, data)
		require.NoError(t, c.Delete(ctx, key), "that there is none is no error")

		require.NoError(t, c.Put(ctx, key, []byte("old")))
		require.NoError(t, c.Put(ctx, key, []byte("of "+key)))
	}
	h.time = h.time.AddDate(50, 0, 0)
	h.reopen()
	c = dropin.NewAutocertCache(h.KVStore, "cert:", errMiss)
	data, err := c.Get(ctx, "example.org+rsa")
	require.NoError(t, err)
	require.Equal(t, "of example.org+rsa", string(data))

	require.NoError(t, c.Delete(ctx, "example.org"))
	_, err = c.Get(ctx, "example.org")
	require.ErrorIs(t, err, errMiss)
	require.Equal(t, 3, h.Len())
}

func TestAutocertKeysThatAreNone(t *testing.T) {
	ctx := context.Background()
	h := newHouse(t)
	c := dropin.NewAutocertCache(h.KVStore, "cert:", errMiss)
	for _, key := range []string{"", strings.Repeat("x", kv.MaxKeySize)} {
		_, err := c.Get(ctx, key)
		require.ErrorIs(t, err, errMiss)
		require.NoError(t, c.Delete(ctx, key))
		require.ErrorIs(t, c.Put(ctx, key, nil), kv.ErrInvalidKey)
	}
}

func TestAutocertMissThatWasNotSaid(t *testing.T) {
	h := newHouse(t)
	_, err := dropin.NewAutocertCache(h.KVStore, "cert:", nil).Get(context.Background(), "k")
	require.ErrorIs(t, err, kv.ErrKeyNotFound)
}
