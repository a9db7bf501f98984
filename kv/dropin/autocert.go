package dropin

import (
	"context"

	"github.com/spcent/plumego/store/kv"
)

// AutocertCache keeps the certificates and account keys of
// golang.org/x/crypto/acme/autocert. It is an autocert.Cache.
//
//	manager := &autocert.Manager{Prompt: autocert.AcceptTOS, HostPolicy: hosts}
//	manager.Cache = dropin.NewAutocertCache(store, "cert:", autocert.ErrCacheMiss)
//	server.TLSConfig = manager.TLSConfig()
//
// Private keys lie in the store's files as they are (mode 0600). Under
// kv.SyncAlways no certificate that was fetched is lost, which matters to those
// who have few to fetch a week.
type AutocertCache struct {
	place
	miss error
}

// NewAutocertCache returns the entries of s whose keys start with prefix. miss
// is what Get says of those that are not there: autocert.ErrCacheMiss. nil
// stands for kv.ErrKeyNotFound, which autocert takes for a failure.
func NewAutocertCache(s *kv.KVStore, prefix string, miss error) *AutocertCache {
	if miss == nil {
		miss = kv.ErrKeyNotFound
	}
	return &AutocertCache{place{s, prefix}, miss}
}

// Get returns what is kept under key, which the caller owns, or the error for
// a miss.
func (c *AutocertCache) Get(ctx context.Context, key string) ([]byte, error) {
	data, found, err := c.get(ctx, key)
	if err == nil && !found {
		err = c.miss
	}
	return data, err
}

// Put keeps data under key for ever. Errors are those of kv's Set.
func (c *AutocertCache) Put(ctx context.Context, key string, data []byte) error {
	k, err := c.key(ctx, key)
	if err != nil {
		return err
	}
	return c.store.Set(k, data, 0)
}

// Delete removes what is kept under key. That there is nothing is no error.
func (c *AutocertCache) Delete(ctx context.Context, key string) error { return c.delete(ctx, key) }
