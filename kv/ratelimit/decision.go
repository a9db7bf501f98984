package ratelimit

import "time"

// Decision is the answer to one request. The zero value refuses.
type Decision struct {
	Allowed bool
	// Remaining is how many more would be allowed at this moment.
	Remaining int
	// RetryAfter is how long it is until a request is allowed, if no other
	// is until then; 0 if this one is.
	RetryAfter time.Duration
	// Reset is when all is as if the client had never asked, if it does not
	// ask again, by the store's time.
	Reset time.Time
}
