package dropin

import (
	"context"
	"time"

	"github.com/spcent/plumego/store/kv"
)

// SCSStore keeps the sessions of github.com/alexedwards/scs/v2. It is an
// scs.Store, CtxStore, IterableStore and IterableCtxStore.
//
//	sessions := scs.New()
//	sessions.Store = dropin.NewSCSStore(store, "session:")
//	sessions.HashTokenInStore = true // a stolen file then gives no tokens
type SCSStore struct{ place }

// NewSCSStore returns the sessions of s whose keys are prefix + token.
func NewSCSStore(s *kv.KVStore, prefix string) *SCSStore { return &SCSStore{place{s, prefix}} }

// Find is FindCtx without a context.
func (s *SCSStore) Find(token string) (b []byte, found bool, err error) {
	return s.FindCtx(context.Background(), token)
}

// FindCtx returns the data of a session, which the caller owns. A token that is
// unknown, malformed or has expired is no error and not found.
func (s *SCSStore) FindCtx(ctx context.Context, token string) (b []byte, found bool, err error) {
	return s.get(ctx, token)
}

// Commit is CommitCtx without a context.
func (s *SCSStore) Commit(token string, b []byte, expiry time.Time) error {
	return s.CommitCtx(context.Background(), token, b, expiry)
}

// CommitCtx keeps the data of a session until expiry, in the place of data and
// expiry before. An expiry that has passed, as the zero time has, ends the
// session. Errors are those of kv's SetUntil.
func (s *SCSStore) CommitCtx(ctx context.Context, token string, b []byte, expiry time.Time) error {
	if expiry.IsZero() { // for kv that is for ever
		return s.delete(ctx, token)
	}
	key, err := s.key(ctx, token)
	if err != nil {
		return err
	}
	return s.store.SetUntil(key, b, expiry)
}

// Delete is DeleteCtx without a context.
func (s *SCSStore) Delete(token string) error { return s.DeleteCtx(context.Background(), token) }

// DeleteCtx ends a session. That there is none is no error.
func (s *SCSStore) DeleteCtx(ctx context.Context, token string) error { return s.delete(ctx, token) }

// All is AllCtx without a context.
func (s *SCSStore) All() (map[string][]byte, error) { return s.AllCtx(context.Background()) }

// AllCtx returns the data of all sessions of one moment by their tokens. The
// map is the caller's, and not nil without an error.
func (s *SCSStore) AllCtx(ctx context.Context) (map[string][]byte, error) {
	if err := s.ready(ctx); err != nil {
		return nil, err
	}
	all := make(map[string][]byte)
	for item, err := range s.store.Scan(s.prefix) {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return nil, err
		}
		if token := item.Key[len(s.prefix):]; token != "" {
			all[token] = item.Value
		}
	}
	return all, nil
}
