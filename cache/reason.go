package cache

// Reason says why a value left the cache.
type Reason uint8

// The reasons.
const (
	Evicted  Reason = iota // to make room
	Expired                // its deadline had come when somebody met it
	Replaced               // a newer value was set
	Deleted                // by Delete
	Cleared                // by Clear; Close tells nobody
	reasons
)

// String returns the reason's name, in lower case.
func (r Reason) String() string {
	if r >= reasons {
		return "unknown"
	}
	return [reasons]string{"evicted", "expired", "replaced", "deleted", "cleared"}[r]
}

// event is a value that has left.
type event struct {
	key   string
	value []byte
	why   Reason
}
