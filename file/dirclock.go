package file

import "time"

// orSystem returns now, or the system's clock in its absence.
func orSystem(now func() time.Time) func() time.Time {
	if now == nil {
		return time.Now
	}
	return now
}
