package main

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spcent/plumego/store/kv"
)

func inspectCommand() command {
	return command{
		name:     "inspect",
		operands: "DIR",
		summary:  "draw what each segment holds",
		details: `Inspect reads the store and prints a line for each segment, in the order of
the log, and one for all: its file, whether it is sealed, its length, live and
dead bytes with a bar (# live, - dead), records, age, and the earliest and
latest deadline of the keys whose values it has.`,
		example: "kvctl inspect /var/lib/app/state",
		flags:   plain(inspect),
	}
}

func inspect(c *call) (exit, error) {
	return c.withStore(toRead, func(s *kv.KVStore) (exit, error) {
		infos, err := s.Inspect(c.ctx)
		if err != nil {
			return exitError, err
		}
		all := inspected{Segments: []segmentLine{}, Total: segmentLine{File: "total"}}
		for _, info := range infos {
			all.add(toSegmentLine(info))
		}
		if c.json {
			return exitOK, c.printJSON(all)
		}
		return exitOK, all.print(c, time.Now())
	})
}

// inspected is the JSON output.
type inspected struct {
	Segments []segmentLine `json:"segments"`
	Total    segmentLine   `json:"total"`
}

// segmentLine is kv.SegmentInfo with the names of the JSON output.
type segmentLine struct {
	File     string `json:"file"`
	State    string `json:"state,omitempty"`
	Bytes    int64  `json:"bytes"`
	Live     int64  `json:"live_bytes"`
	Dead     int64  `json:"dead_bytes"`
	Records  int64  `json:"records"`
	Keys     int64  `json:"keys"`
	Created  string `json:"created,omitempty"`
	Earliest string `json:"earliest_deadline,omitempty"`
	Latest   string `json:"latest_deadline,omitempty"`
	created  time.Time
}

func toSegmentLine(i kv.SegmentInfo) segmentLine {
	l := segmentLine{
		File: i.File, State: "open", Bytes: i.Bytes, Live: i.Live, Dead: i.Dead, Records: i.Records, Keys: i.Keys,
		Created: stamp(i.Created), Earliest: stamp(i.Earliest), Latest: stamp(i.Latest), created: i.Created,
	}
	if i.Sealed {
		l.State = "sealed"
	}
	return l
}

// stamp returns a time as dump writes deadlines, and "" for none.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(deadlineLayout)
}

// add appends a segment and counts it in the total. Stamps of one layout
// compare as times do.
func (a *inspected) add(l segmentLine) {
	a.Segments = append(a.Segments, l)
	t := &a.Total
	t.Bytes, t.Live, t.Dead = t.Bytes+l.Bytes, t.Live+l.Live, t.Dead+l.Dead
	t.Records, t.Keys = t.Records+l.Records, t.Keys+l.Keys
	if l.Earliest != "" && (t.Earliest == "" || l.Earliest < t.Earliest) {
		t.Earliest = l.Earliest
	}
	t.Latest = max(t.Latest, l.Latest)
	if t.created.IsZero() || l.created.Before(t.created) {
		t.created, t.Created = l.created, l.Created
	}
}

func (a *inspected) print(c *call, now time.Time) error {
	w := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "segment\tstate\tbytes\tlive\tdead\t\trecords\tage\tdeadlines")
	for _, l := range append(a.Segments, a.Total) {
		fmt.Fprintf(w, "%s\t%s\t%d\t%d\t%d\t%s\t%d\t%s\t%s\n",
			l.File, l.State, l.Bytes, l.Live, l.Dead, bar(l.Live, l.Dead), l.Records, age(l.created, now), deadlines(l))
	}
	return w.Flush()
}

// barWidth is the length of a bar in characters.
const barWidth = 20

// bar draws two amounts as parts of one length. What is there at all shows.
func bar(live, dead int64) string {
	if live+dead == 0 {
		return "[" + strings.Repeat(" ", barWidth) + "]"
	}
	n := int(float64(live) / float64(live+dead) * barWidth)
	if live > 0 {
		n = max(n, 1)
	}
	if dead > 0 {
		n = min(n, barWidth-1)
	}
	return "[" + strings.Repeat("#", n) + strings.Repeat("-", barWidth-n) + "]"
}

// age returns how long ago a segment was begun, to the second.
func age(created, now time.Time) string {
	if created.IsZero() {
		return "-"
	}
	return max(0, now.Sub(created)).Truncate(time.Second).String()
}

// deadlines returns the range of a line's deadlines.
func deadlines(l segmentLine) string {
	switch {
	case l.Earliest == "":
		return "none"
	case l.Earliest == l.Latest:
		return l.Earliest
	}
	return l.Earliest + " to " + l.Latest
}
