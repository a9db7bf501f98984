package ratelimit_test

import (
	"flag"
	"math/big"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var seed = flag.Uint64("seed", 1, "seed of the random requests")

// model decides on requests of one client as the limiter must, from the times
// of those it has allowed.
type model interface {
	allow(at time.Duration) bool
}

func models() map[string]func() model {
	return map[string]func() model{
		"fixed window":   func() model { return &fixedModel{} },
		"sliding window": func() model { return &slidingModel{} },
		"GCRA":           func() model { return &bucket{level: window} },
	}
}

type fixedModel struct {
	ends  time.Duration
	count int
}

func (m *fixedModel) allow(at time.Duration) bool {
	if at >= m.ends {
		*m = fixedModel{ends: at.Truncate(time.Millisecond) + window}
		if at%time.Millisecond != 0 {
			m.ends += time.Millisecond // a deadline is rounded up
		}
	}
	m.count++
	return m.count <= limit
}

// slidingModel remembers the windows and each request.
type slidingModel struct {
	starts []time.Duration
	times  []time.Duration // rounded down, as the windows' starts are
}

func (m *slidingModel) allow(at time.Duration) bool {
	at = at.Truncate(time.Millisecond)
	start := at
	if n := len(m.starts); n > 0 && at < m.starts[n-1]+2*window {
		start = m.starts[n-1]
		if at >= start+window {
			start += window
		}
	}
	m.starts = append(m.starts, start)
	count := big.NewRat(1, 1)
	for _, t := range m.times {
		switch {
		case t >= start:
			count.Add(count, big.NewRat(1, 1))
		case t >= start-window:
			count.Add(count, big.NewRat(int64(start+window-at), int64(window)))
		}
	}
	if count.Cmp(big.NewRat(limit, 1)) > 0 {
		m.starts = m.starts[:len(m.starts)-1] // refusing opens no window
		return false
	}
	m.times = append(m.times, at)
	return true
}

// bucket drips in, one nanosecond each nanosecond, and a request takes what
// drips in for one interval.
type bucket struct{ level, last time.Duration }

func (m *bucket) allow(at time.Duration) bool {
	m.level = min(window, m.level+at-m.last)
	m.last = at
	if m.level < window/limit {
		return false
	}
	m.level -= window / limit
	return true
}

// TestRandomRequests asks at random times, with the store closed or killed now
// and then, beside the model. Every refusal is taken at its word: nothing
// before RetryAfter, and something then.
func TestRandomRequests(t *testing.T) {
	t.Logf("-seed %d", *seed)
	for _, kind := range makers() {
		t.Run(kind.name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(*seed, 0))
			h := newHouse(t, kind)
			m := models()[kind.name]()
			start := h.now()
			var allowed []time.Duration
			ask := func() (retryAfter time.Duration) {
				at := h.now().Sub(start)
				d := h.ask()
				require.Equal(t, m.allow(at), d.Allowed, "at %v", at)
				if d.Allowed {
					allowed = append(allowed, at)
				}
				return d.RetryAfter
			}
			for range 3000 {
				h.pass(gap(rng))
				if wait := ask(); wait > 0 {
					h.pass(wait - 1)
					require.Equal(t, time.Duration(1), ask())
					h.pass(1)
					require.Zero(t, ask())
				}
				switch rng.IntN(100) {
				case 0:
					h.restart()
				case 1:
					h.kill()
				}
			}
			requireBound(t, kind.name, allowed)
		})
	}
}

// gap returns a time between two requests: often none, and often one that ends
// at an edge.
func gap(rng *rand.Rand) time.Duration {
	switch rng.IntN(6) {
	case 0:
		return window/limit - time.Duration(rng.IntN(2))
	case 1:
		return window * time.Duration(rng.IntN(3))
	case 2:
		return time.Duration(rng.Int64N(int64(window)))
	case 3:
		return time.Millisecond * time.Duration(rng.IntN(10))
	}
	return 0
}

// requireBound counts the requests that were allowed in each window's length.
func requireBound(t *testing.T, name string, allowed []time.Duration) {
	most := map[string]int{
		"fixed window":   2 * limit,   // the end of one, and the begin of the next
		"sliding window": 2*limit - 1, // the same, but the next is paid for
		"GCRA":           2*limit - 1, // the burst, and those that came back
	}[name]
	first := 0
	for i, at := range allowed {
		for allowed[first] <= at-window {
			first++
		}
		require.LessOrEqual(t, i-first+1, most, "in the window that ends at %v", at)
	}
	t.Logf("%d requests allowed", len(allowed))
}
