//go:build race

package verify

// raceEnabled says that the race detector is on and that time is dear.
const raceEnabled = true
