package cache

// Stats is what a cache holds and has done since it was made. The numbers of
// its parts are read one after the other, so that sums may be off by what
// happened meanwhile.
type Stats struct {
	Hits     uint64 // Gets that found a value
	Misses   uint64 // Gets that found none
	Sets     uint64
	Rejected uint64 // Sets that were ErrTooLarge, and loaded values that were
	// Values that have left, by reason.
	Evicted, Expired, Replaced, Deleted, Cleared uint64

	// Loads that have begun, refreshes included; LoadErrors of them have
	// ended without a value.
	Loads, LoadErrors, Refreshes uint64

	Entries  int64 // values, expired ones that nobody has met, and remembered absences
	Bytes    int64 // of memory, with everything that belongs to the cache
	MaxBytes int64 // what Bytes never exceeds
	Shards   int   // parts with a lock each
}

// HitRatio returns the part of Gets that found a value, 0 before the first.
func (s Stats) HitRatio() float64 {
	if s.Hits+s.Misses == 0 {
		return 0
	}
	return float64(s.Hits) / float64(s.Hits+s.Misses)
}

// counts are the numbers of a shard.
type counts struct {
	hits, misses, sets uint64
	left               [reasons]uint64
}

func (s *Stats) add(c counts) {
	s.Hits += c.hits
	s.Misses += c.misses
	s.Sets += c.sets
	s.Evicted += c.left[Evicted]
	s.Expired += c.left[Expired]
	s.Replaced += c.left[Replaced]
	s.Deleted += c.left[Deleted]
	s.Cleared += c.left[Cleared]
}
