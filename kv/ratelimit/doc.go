// Package ratelimit says how often a client may do something, and keeps what
// it must remember in a kv store: one small key for each client that was seen
// lately. So limits hold over a restart, and clients that stay away cost
// nothing: their keys expire.
//
//	fast := store.WithSync(kv.SyncNever)
//	logins, err := ratelimit.NewGCRA(fast, "login:", 10*time.Second, 5)
//	if err != nil { ... }
//	d, err := logins.Allow(ip)
//
// # Which one
//
//   - FixedWindow counts in a window that the client's first request opens.
//     It is the one to explain to users ("100 an hour, the next at 15:20").
//     Around the end of a window it lets through twice the limit at once.
//   - SlidingWindow weighs the window before by what of it still is within
//     reach. After a full window it lets requests through one by one.
//   - GCRA lets one request through every so often, and a burst of some. It
//     says to the nanosecond when the next may come, and in any span of time
//     it lets through the burst and one for each interval in it, no more.
//
// # What they promise
//
// Of concurrent requests exactly as many are allowed as the limit says.
// Refusing writes nothing, so a client that goes on asking neither moves the
// end of its window nor fills the disk (but see FixedWindow.Allow). Time is
// that of the store (kv.KVStore.Now), to the millisecond or better, and never
// runs backwards.
//
// A client is any string that makes a key with the limiter's prefix, such as
// an address or a user's id. Deleting that key forgives the client.
//
// # What a crash takes
//
// Writes follow the policy of the store's handle. kv.SyncNever is the one for
// limits: what was counted survives the death of the process under it too. A
// power cut may take the newest counts, and what that costs is that some
// clients are allowed their limit once more, while a sync for each request
// would cost every request some hundred microseconds. Limiters share the store
// with keys of any other policy.
//
// A limiter is a small value without state of its own: several may be made for
// one prefix, with other limits too, if they are of one type. All methods are
// safe for concurrent use.
package ratelimit
