package main

import (
	"fmt"
	"text/tabwriter"
	"time"
)

// shownOffences is how many minutes over the limit a person is shown.
const shownOffences = 10

// replayResult is what a replay prints, with the names of the JSON output.
type replayResult struct {
	File           string           `json:"file"`
	Lines          int64            `json:"lines"`
	Requests       int64            `json:"requests"`
	Malformed      int64            `json:"malformed"`
	FirstMalformed []numberedReason `json:"first_malformed,omitempty"`
	Late           int64            `json:"late"`
	LatestMillis   int64            `json:"latest_ms"`
	Clients        int              `json:"clients"`

	SessionTTLMillis int64 `json:"session_ttl_ms"`
	SessionsBegun    int64 `json:"sessions_begun"`
	SessionsEnded    int64 `json:"sessions_ended"`
	SessionsAlive    int64 `json:"sessions_alive"`

	Limit            int64     `json:"limit"`
	ClientsOver      int       `json:"clients_over_limit"`
	MinutesOverLimit []offence `json:"minutes_over_limit"`

	Keys       int64  `json:"keys"`
	DiskBytes  int64  `json:"disk_bytes"`
	TookMillis int64  `json:"took_ms"`
	Sync       string `json:"sync"`
	Wrong      int64  `json:"wrong"`

	took time.Duration
}

func (r *replay) result(disk int64, took time.Duration) *replayResult {
	t := r.tally
	return &replayResult{
		File: inputName(r.file), Lines: t.lines, Requests: t.requests,
		Malformed: t.malformed.count, FirstMalformed: t.malformed.first,
		Late: t.late, LatestMillis: t.latest.Milliseconds(), Clients: len(t.clients),
		SessionTTLMillis: r.ttl.Milliseconds(),
		SessionsBegun:    t.begun, SessionsEnded: t.begun - r.found.sessions, SessionsAlive: r.found.sessions,
		Limit: r.limit, ClientsOver: t.offenders(), MinutesOverLimit: t.offences(),
		Keys: r.found.keys, DiskBytes: disk, TookMillis: took.Milliseconds(), Sync: r.syncName,
		Wrong: r.wrong(), took: took,
	}
}

// print writes the result, as a table for a person or as JSON.
func (p *replayResult) print(c *call) error {
	if c.json {
		return c.printJSON(p)
	}
	w := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
	row := func(name, format string, args ...any) {
		fmt.Fprintf(w, "%s\t%s\n", name, fmt.Sprintf(format, args...))
	}
	row("log", "%s", p.File)
	row("lines", "%d", p.Lines)
	row("requests", "%d", p.Requests)
	row("malformed", "%d", p.Malformed)
	for _, b := range p.FirstMalformed {
		row("", "line %d: %s", b.Line, b.Reason)
	}
	row("out of order", "%s", p.lateness())
	row("clients", "%d", p.Clients)
	ttl := time.Duration(p.SessionTTLMillis) * time.Millisecond
	row("sessions", "%d begun, %d ended by %v without a request, %d alive", p.SessionsBegun, p.SessionsEnded, ttl, p.SessionsAlive)
	row("over the limit", "%s of %s, more than %s in each", plural(int64(len(p.MinutesOverLimit)), "minute"),
		plural(int64(p.ClientsOver), "client"), plural(p.Limit, "request"))
	p.offenceRows(row)
	row("keys", "%d", p.Keys)
	row("bytes on disk", "%d", p.DiskBytes)
	row("time taken", "%v, %.0f requests/s, sync %s", p.took.Round(time.Millisecond), float64(p.Requests)/p.took.Seconds(), p.Sync)
	row("read back", "%s", p.verdict())
	return w.Flush()
}

func (p *replayResult) lateness() string {
	if p.Late == 0 {
		return "0"
	}
	return fmt.Sprintf("%d, at most %v late", p.Late, time.Duration(p.LatestMillis)*time.Millisecond)
}

// offenceRows writes the worst minutes over the limit.
func (p *replayResult) offenceRows(row func(name, format string, args ...any)) {
	for i, o := range p.MinutesOverLimit {
		if i == shownOffences {
			row("", "and %d more", len(p.MinutesOverLimit)-i)
			return
		}
		row("", "%s at %s: %s", o.Client, o.Minute, plural(o.Requests, "request"))
	}
}

func (p *replayResult) verdict() string {
	if p.Wrong > 0 {
		return fmt.Sprintf("%d of %d keys or answers are wrong", p.Wrong, p.Keys)
	}
	return "every value read back is right"
}
