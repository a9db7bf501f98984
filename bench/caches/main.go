package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"text/tabwriter"
	"time"
)

// config is what the command line asks for.
type config struct {
	traces   string
	subjects string
	accesses int           // of a made trace
	keys     int           // of speed
	turn     time.Duration // of speed: one measurement
	turns    int
	storm    time.Duration
	entries  int // of gc
	requests int // of warm
}

// task is one thing that can be asked for.
type task struct {
	name string
	run  func(w io.Writer, c config) error
}

func tasks() []task {
	return []task{{"ratios", ratios}, {"speed", speed}, {"bound", bound}, {"gc", gc}, {"warm", warm}}
}

func main() {
	if dir := os.Getenv(childEnv); dir != "" {
		os.Exit(child(dir))
	}
	c := config{}
	flag.StringVar(&c.traces, "traces", "../../../shared/data/traces", "folder with oltp.gz, gli.gz, loop.gz and trace_vaultservice.gz; what is missing is left out")
	flag.StringVar(&c.subjects, "subjects", "", "names of what to measure, with commas; empty for all")
	flag.IntVar(&c.accesses, "accesses", 1_000_000, "ratios: accesses of the Zipf trace")
	flag.IntVar(&c.keys, "keys", 100_000, "speed: keys, of 256 bytes each, which all fit")
	flag.DurationVar(&c.turn, "turn", 200*time.Millisecond, "speed: length of one measurement")
	flag.IntVar(&c.turns, "turns", 5, "speed: measurements of each figure; the median counts")
	flag.DurationVar(&c.storm, "storm", 10*time.Second, "bound: how long eight writers write")
	flag.IntVar(&c.entries, "entries", 10_000_000, "gc: entries")
	flag.IntVar(&c.requests, "requests", 100_000, "warm: requests before the kill and after it")
	flag.Parse()
	if len(c.kinds()) == 0 {
		fmt.Fprintf(os.Stderr, "caches: none of -subjects %q is known\n", c.subjects)
		os.Exit(2)
	}
	if err := run(os.Stdout, c, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "caches:", err)
		os.Exit(1)
	}
}

func run(w io.Writer, c config, names []string) error {
	for _, t := range tasks() {
		if len(names) > 0 && !slices.Contains(names, t.name) {
			continue
		}
		fmt.Fprintf(w, "\n%s\n", t.name)
		if err := t.run(w, c); err != nil {
			return fmt.Errorf("%s: %w", t.name, err)
		}
	}
	return nil
}

// table prints rows in columns.
func table(w io.Writer, rows [][]string) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, row := range rows {
		for _, cell := range row {
			fmt.Fprintf(t, "%s\t", cell)
		}
		fmt.Fprintln(t)
	}
	t.Flush()
}
