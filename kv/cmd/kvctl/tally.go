package main

import (
	"cmp"
	"slices"
	"time"
)

// tally is what a replay counts on its way through the log.
type tally struct {
	lines     int64
	requests  int64
	malformed badLines
	late      int64         // lines earlier than the clock
	latest    time.Duration // by how much at most
	clients   map[string]struct{}

	begun int64 // sessions
	over  map[overLimit]int64
	wrong int64 // answers of the store that the model does not give
}

// overLimit is a client in a minute, in UTC, in which it made more requests
// than allowed.
type overLimit struct {
	client string
	minute string
}

func newTally() *tally {
	return &tally{clients: make(map[string]struct{}), over: make(map[overLimit]int64)}
}

// add counts a request that is the n-th of its client in its minute.
func (t *tally) add(client string, at time.Time, late time.Duration, n, limit int64) {
	t.requests++
	t.clients[client] = struct{}{}
	if late > 0 {
		t.late++
		t.latest = max(t.latest, late)
	}
	if n > limit {
		pair := overLimit{client, minute(at)}
		t.over[pair] = max(t.over[pair], n)
	}
}

// offence is a client's minute over the limit, for the report.
type offence struct {
	Client   string `json:"client"`
	Minute   string `json:"minute"`
	Requests int64  `json:"requests"`
}

// offences returns the minutes over the limit, the worst first.
func (t *tally) offences() []offence {
	all := make([]offence, 0, len(t.over))
	for pair, n := range t.over {
		all = append(all, offence{pair.client, pair.minute, n})
	}
	slices.SortFunc(all, func(a, b offence) int {
		return cmp.Or(cmp.Compare(b.Requests, a.Requests), cmp.Compare(a.Minute, b.Minute), cmp.Compare(a.Client, b.Client))
	})
	return all
}

// offenders returns how many clients were over the limit at all.
func (t *tally) offenders() int {
	clients := make(map[string]struct{})
	for pair := range t.over {
		clients[pair.client] = struct{}{}
	}
	return len(clients)
}
