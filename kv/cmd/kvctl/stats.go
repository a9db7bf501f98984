package main

import (
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spcent/plumego/store/kv"
)

func statsCommand() command {
	return command{
		name:     "stats",
		operands: "DIR",
		summary:  "print the store's figures",
		details: `Stats prints how many keys and segments there are, how the bytes divide into
live and dead ones, and how the opening went.`,
		example: "kvctl stats /var/lib/app/state",
		flags:   plain(stats),
	}
}

func stats(c *call) (exit, error) {
	return c.withStore(toRead, func(s *kv.KVStore) (exit, error) {
		figures := toFigures(s.Stats())
		if c.json {
			return exitOK, c.printJSON(figures)
		}
		return exitOK, figures.print(c)
	})
}

// figures is kv.Stats with the names of the JSON output, less what is
// always zero in a store that was only just opened.
type figures struct {
	Keys       int    `json:"keys"`
	Segments   int    `json:"segments"`
	DiskBytes  int64  `json:"disk_bytes"`
	LiveBytes  int64  `json:"live_bytes"`
	DeadBytes  int64  `json:"dead_bytes"`
	HintBytes  int64  `json:"hint_bytes"`
	IndexBytes int64  `json:"index_bytes"`
	LastSeq    uint64 `json:"last_seq"`
	Clean      bool   `json:"clean"`
	Replayed   int64  `json:"replayed_records"`
	Indexed    bool   `json:"index_loaded"`
	Hints      int    `json:"hints_used"`
	Ignored    int    `json:"caches_ignored"`
	TornFile   string `json:"torn_file,omitempty"`
	TornOffset int64  `json:"torn_offset,omitempty"`
	TornBytes  int64  `json:"torn_bytes,omitempty"`
	OpenMillis int64  `json:"open_ms"`
}

func toFigures(st kv.Stats) figures {
	r := st.Recovery
	return figures{
		Keys: st.Keys, Segments: st.Segments,
		DiskBytes: st.DiskBytes, LiveBytes: st.LiveBytes, DeadBytes: st.DeadBytes, HintBytes: st.HintBytes, IndexBytes: st.IndexBytes,
		LastSeq: st.LastSeq,
		Clean:   r.Clean, Replayed: r.Records, Indexed: r.IndexLoaded, Hints: r.Hints, Ignored: r.Ignored,
		TornFile: r.TornFile, TornOffset: r.TornOffset, TornBytes: r.TornBytes,
		OpenMillis: r.Took.Milliseconds(),
	}
}

// opened says what opening has read.
func (f figures) opened() string {
	if f.Indexed {
		return "by the saved index"
	}
	return fmt.Sprintf("%d records replayed, %d segments by their hints", f.Replayed, f.Hints)
}

// print writes the figures as a table for a person.
func (f figures) print(c *call) error {
	w := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
	row := func(name string, value any) { fmt.Fprintf(w, "%s\t%v\n", name, value) }
	row("keys", f.Keys)
	row("segments", f.Segments)
	row("bytes on disk", f.DiskBytes)
	row("live bytes", f.LiveBytes)
	row("dead bytes", f.DeadBytes)
	row("hint bytes", f.HintBytes)
	row("index bytes", fmt.Sprintf("%d in memory", f.IndexBytes))
	row("last seq", f.LastSeq)
	row("closed cleanly", f.Clean)
	row("opened in", fmt.Sprintf("%v, %s", time.Duration(f.OpenMillis)*time.Millisecond, f.opened()))
	if f.TornFile != "" {
		row("torn tail", fmt.Sprintf("%d bytes of %s at offset %d", f.TornBytes, f.TornFile, f.TornOffset))
	}
	return w.Flush()
}
