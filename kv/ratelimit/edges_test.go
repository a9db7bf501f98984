package ratelimit_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/spcent/plumego/store/kv/ratelimit"
)

// asked is a request and what must be said to it. Times are milliseconds from
// the first request.
type asked struct {
	at         float64
	remaining  int     // -1: refused
	retryAfter float64 // from at
	reset      float64
}

// scripts have the edges, by the name of the limiter: four requests in 100 ms,
// or one every 25 ms.
func scripts() map[string][]asked {
	return map[string][]asked{
		"fixed window": {
			{0, 3, 0, 100}, {0, 2, 0, 100}, {30, 1, 0, 100}, {99, 0, 0, 100},
			{99, -1, 1, 100}, {99.999999, -1, 0.000001, 100},
			// The window ends on time, and the next begins with a request.
			{100, 3, 0, 200}, {199, 2, 0, 200},
			{250, 3, 0, 350}, {251, 2, 0, 350}, {349, 1, 0, 350}, {349, 0, 0, 350}, {349, -1, 1, 350},
			{350, 3, 0, 450},
		},
		"sliding window": {
			{0, 3, 0, 200}, {0, 2, 0, 200}, {0, 1, 0, 200}, {0, 0, 0, 200},
			{0, -1, 125, 200}, {99, -1, 26, 200},
			// Of 4 in the window before, 3 count when a quarter is over.
			{100, -1, 25, 200}, {124.999999, -1, 0.000001, 200},
			{125, 0, 0, 300}, {125, -1, 25, 300}, {149, -1, 1, 300}, {150, 0, 0, 300},
			{174, -1, 1, 300}, {199, 0, 0, 300}, {199, -1, 1, 300},
			// Now 3 are before, and count for 3.
			{200, 0, 0, 400}, {200, -1, 34, 400}, {233, -1, 1, 400}, {234, 0, 0, 400},
			// After a window without any, all are there again; 2 have gone by.
			{400, 3, 0, 600},
		},
		"GCRA": {
			{0, 3, 0, 25}, {0, 2, 0, 50}, {0, 1, 0, 75}, {0, 0, 0, 100},
			{0, -1, 25, 100}, {24.999999, -1, 0.000001, 100},
			{25, 0, 0, 125}, {25, -1, 25, 125}, {49, -1, 1, 125}, {50, 0, 0, 150},
			{124, 1, 0, 175}, {124, 0, 0, 200}, {124, -1, 1, 200},
			{199, 2, 0, 225}, {225, 3, 0, 250},
		},
	}
}

// TestEdges asks at the edges. So does a client of a store that is closed, or
// whose process is killed, between any two requests.
func TestEdges(t *testing.T) {
	for _, kind := range makers() {
		for name, between := range map[string]func(*house){
			"at once":  func(*house) {},
			"reopened": (*house).restart,
			"killed":   (*house).kill,
		} {
			t.Run(kind.name+", "+name, func(t *testing.T) {
				h := newHouse(t, kind)
				start := h.now()
				for _, a := range scripts()[kind.name] {
					h.nanos.Store(start.Add(millis(a.at)).UnixNano())
					want := ratelimit.Decision{
						Allowed:    a.remaining >= 0,
						Remaining:  max(0, a.remaining),
						RetryAfter: millis(a.retryAfter),
						Reset:      start.Add(millis(a.reset)),
					}
					got := h.ask()
					require.True(t, got.Reset.Equal(want.Reset), "%v: reset %v", a, got.Reset.Sub(start))
					got.Reset = want.Reset
					require.Equal(t, want, got, fmt.Sprint(a))
					between(h)
				}
			})
		}
	}
}

func millis(ms float64) time.Duration { return time.Duration(ms*1e6 + 0.5) }
