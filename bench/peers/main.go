package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

func main() {
	if name := os.Getenv(childEnv); name != "" {
		os.Exit(serve(name, os.Stdin, os.Stdout))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(1)
	}
}

// config is what the command line asks for.
type config struct {
	keys    int
	runs    int
	time    time.Duration // of one measurement
	pause   time.Duration // before each measurement
	engines []string
	rows    string // a regular expression, or rowsMissing
	growth  []int  // sizes
	dir     string
	from    string // earlier results, "" for none
	json    string
	md      string
	svg     string
}

func parse(args []string) (config, error) {
	var c config
	f := flag.NewFlagSet("peers", flag.ContinueOnError)
	f.IntVar(&c.keys, "keys", 1_000_000, "keys in each store")
	f.IntVar(&c.runs, "runs", 5, "measurements of each figure; the median counts")
	f.DurationVar(&c.time, "time", 300*time.Millisecond, "length of one measurement")
	f.DurationVar(&c.pause, "pause", 20*time.Millisecond, "rest before each measurement")
	engines := f.String("engines", strings.Join(engineNames(), ","), "what to measure")
	f.StringVar(&c.rows, "rows", "", "regular expression of the rows to measure; \""+rowsMissing+"\" for those that -from lacks (default all, or with -from none)")
	growth := f.String("growth", "10000,100000,1000000,10000000", "sizes of the stores of the growth rows; empty for none")
	f.StringVar(&c.dir, "dir", os.TempDir(), "where the stores are made and removed")
	f.StringVar(&c.from, "from", "", "JSON of an earlier run, to draw it again or to measure single rows anew")
	f.StringVar(&c.json, "json", "", "file for the results; written after every row")
	f.StringVar(&c.md, "md", "", "file for the table as Markdown; if it has the marks, only what is between them is replaced")
	f.StringVar(&c.svg, "svg", "", "file for the picture")
	if err := f.Parse(args); err != nil {
		return c, err
	}
	if f.NArg() > 0 {
		return c, fmt.Errorf("unexpected argument %q", f.Arg(0))
	}
	if c.keys < 1 || c.runs < 1 || c.time <= 0 {
		return c, fmt.Errorf("-keys, -runs and -time must be positive")
	}
	c.engines = split(*engines)
	for _, name := range c.engines {
		if _, ok := kindOf(name); !ok {
			return c, fmt.Errorf("no engine %q; there are %s", name, strings.Join(engineNames(), ", "))
		}
	}
	for _, s := range split(*growth) {
		var n int
		if _, err := fmt.Sscan(s, &n); err != nil || n < 1 {
			return c, fmt.Errorf("-growth: %q is no size", s)
		}
		c.growth = append(c.growth, n)
	}
	return c, nil
}

func split(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
}

// run measures what is asked for and writes it down.
func run(ctx context.Context, args []string) error {
	c, err := parse(args)
	if err != nil {
		return err
	}
	res := newResults(c)
	if c.from != "" {
		if res, err = readResults(c.from); err != nil {
			return err
		}
		// What a row and its stores are follows from these.
		c.keys, c.growth = res.Keys, res.Growth
	}
	chosen, err := choose(c, res)
	if err != nil {
		return err
	}
	var faults []error
	if len(chosen) > 0 {
		if faults, err = measureAll(ctx, c, chosen, res); err != nil {
			return err
		}
	}
	return errors.Join(append(faults, report(c, res))...)
}
