package cache

// trial finds out how often a record must have been found on probation to be
// worth a place in the main log. Once is enough where keys come back again and
// again, as in a loop that nearly fits; where most that are asked for twice are
// never asked for again, twice keeps the main log for those that are.
//
// Of the records that came into the main log after having been found once, it
// counts those that were found there, and those that were not, when the tail
// comes by.
type trial struct {
	found, wasted int
	refused       int // records that had been found once
}

const (
	// trialWindow is after how many records what was counted counts half.
	trialWindow = 256
	// trialShare: one of so many must have been found.
	trialShare = 3
	// retrial is that one of so many is taken in even so, or nothing would be
	// learned any more.
	retrial = 16
)

// least returns how often a record must have been found.
func (t *trial) least() int {
	if trialShare*t.found >= t.found+t.wasted {
		return 1
	}
	return 2
}

// passes reports whether a record that was found so often is worth a place.
func (t *trial) passes(frequency int) bool {
	switch {
	case frequency == 0:
		return false
	case frequency >= t.least():
		return true
	}
	t.refused++
	return t.refused%retrial == 0
}

// judge counts a record that was on trial.
func (t *trial) judge(found bool) {
	if found {
		t.found++
	} else {
		t.wasted++
	}
	if t.found+t.wasted >= trialWindow {
		t.found, t.wasted = t.found/2, t.wasted/2
	}
}
