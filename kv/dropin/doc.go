// Package dropin lends a kv store to packages that have an interface for what
// keeps their data: sessions of github.com/alexedwards/scs/v2, certificates of
// golang.org/x/crypto/acme/autocert, and whatever github.com/gofiber/fiber,
// version 2 or 3, stores. It imports none of them: the method sets match.
//
// Each drop-in is a prefix of the store, and several share one store, with the
// application's own keys beside them:
//
//	sessions.Store = dropin.NewSCSStore(store, "session:")
//	manager.Cache = dropin.NewAutocertCache(store, "cert:", autocert.ErrCacheMiss)
//	storage := dropin.NewFiberStorage(store.WithSync(kv.SyncNever), "fiber:")
//
// A prefix must be one that kv.CheckPrefix takes; under any other every method
// that can fails with kv.ErrInvalidOptions. The key of an entry is the prefix
// and what the package calls its key or token.
//
// Writes follow the policy of the handle that was given. The store belongs to
// whoever opened it: no drop-in closes it, and after it was closed their
// methods fail with kv.ErrStoreClosed. Expired is absent, to the millisecond.
// Values are copied, in and out. A context that is done stops a call before it
// has any effect. All methods are safe for concurrent use.
package dropin
