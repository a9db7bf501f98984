package main

import (
	"errors"
	"fmt"
	"slices"

	"github.com/spcent/plumego/store/kv"
)

func verifyCommand() command {
	return command{
		name:     "verify",
		operands: "DIR",
		summary:  "read and check every record",
		details: `Verify reads every byte of the store and prints one line for each defect,
with file and offset, also past the first. It changes nothing. It exits with 2 if there is any
defect, also one for which the store refuses to open.`,
		example: "kvctl verify /var/lib/app/state",
		flags:   plain(verify),
	}
}

func verify(c *call) (exit, error) {
	var report kv.Report
	code, err := c.withStore(toRead, func(s *kv.KVStore) (exit, error) {
		var err error
		report, err = s.Verify(c.ctx)
		if len(report.Defects) > 0 {
			return exitOK, nil // The error repeats the first of them.
		}
		return exitError, err
	})
	var defect *kv.CorruptError
	switch {
	case errors.As(err, &defect):
		if report, err = c.diagnose(*defect); err != nil {
			return exitError, err
		}
	case err != nil:
		return code, err
	}
	return c.printReport(report)
}

// diagnose lists every defect of a store that is too damaged to open. The one
// for which it does not open is among them, also if only opening can see it.
func (c *call) diagnose(first kv.CorruptError) (kv.Report, error) {
	report, err := kv.Diagnose(c.ctx, c.operands[0])
	if err != nil && !errors.Is(err, kv.ErrCorrupt) {
		return report, err
	}
	if !slices.ContainsFunc(report.Defects, func(d kv.CorruptError) bool { return d.File == first.File }) {
		report.Defects = append([]kv.CorruptError{first}, report.Defects...)
	}
	return report, nil
}

// printReport writes what Verify found and turns it into an exit code.
func (c *call) printReport(r kv.Report) (exit, error) {
	if c.json {
		if err := c.printJSON(toReport(r)); err != nil {
			return exitError, err
		}
	} else {
		for _, d := range r.Defects {
			fmt.Fprintf(c.stdout, "%s: offset %d: %s\n", d.File, d.Offset, d.Reason)
		}
	}
	switch n := len(r.Defects); {
	case n > 0:
		return exitError, fmt.Errorf("%s has %s", c.operands[0], plural(int64(n), "defect"))
	case !c.json:
		fmt.Fprintf(c.stdout, "%s, %s, %s, %s: no defect\n", plural(int64(r.Segments), "segment"),
			plural(r.Records, "record"), plural(int64(r.Keys), "key"), plural(r.Bytes, "byte"))
	}
	return exitOK, nil
}

// report is kv.Report with the names of the JSON output.
type report struct {
	Segments int      `json:"segments"`
	Records  int64    `json:"records"`
	Keys     int      `json:"keys"`
	Bytes    int64    `json:"bytes"`
	Defects  []defect `json:"defects"`
}

type defect struct {
	File   string `json:"file"`
	Offset int64  `json:"offset"`
	Reason string `json:"reason"`
}

func toReport(r kv.Report) report {
	out := report{Segments: r.Segments, Records: r.Records, Keys: r.Keys, Bytes: r.Bytes, Defects: []defect{}}
	for _, d := range r.Defects {
		out.Defects = append(out.Defects, defect{d.File, d.Offset, d.Reason})
	}
	return out
}

// plural returns n and the noun, with an s unless n is one.
func plural(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
