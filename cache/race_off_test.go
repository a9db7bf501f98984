//go:build !race

package cache

// raceEnabled says that the race detector is on and that time is dear.
const raceEnabled = false
