//go:build !race

package kv

// raceEnabled says that the race detector is on and that time is dear.
const raceEnabled = false
