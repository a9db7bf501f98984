package main

import (
	"context"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestMain is a child process if its parent says so.
func TestMain(m *testing.M) {
	if name := os.Getenv(childEnv); name != "" {
		os.Exit(serve(name, os.Stdin, os.Stdout))
	}
	os.Exit(m.Run())
}

// TestRun measures every row on few keys, with a process for each engine, and
// looks at everything that is written.
func TestRun(t *testing.T) {
	dir := t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	must(t, os.Mkdir(file("stores"), 0o700))
	must(t, os.WriteFile(file("table.md"), []byte("before\n"+beginMark+"old\n"+endMark+"after\n"), 0o600))
	args := []string{"-keys", "400", "-time", "1ms", "-pause", "0", "-runs", "1", "-growth", "100,200",
		"-dir", file("stores"), "-json", file("run.json"), "-md", file("table.md"), "-svg", file("bars.svg")}
	must(t, run(context.Background(), args))

	res, err := readResults(file("run.json"))
	must(t, err)
	for _, r := range rows(res.Growth) {
		for _, l := range r.lines {
			wantFigures(t, res, r, l)
		}
	}
	if lost, ok := res.median("killed", ours, "lost"); !ok || lost != 0 {
		t.Errorf("%v acknowledged writes were lost to a kill", lost)
	}
	if left, err := os.ReadDir(file("stores")); err != nil || len(left) > 0 {
		t.Errorf("%d directories are left, %v", len(left), err)
	}
	table := text(t, file("table.md"))
	if !strings.HasPrefix(table, "before\n"+beginMark) || !strings.HasSuffix(table, endMark+"after\n") || strings.Contains(table, "old\n") {
		t.Error("not just what is between the marks was replaced")
	}
	if !strings.Contains(table, "](bars.svg)") {
		t.Error("the table does not show the picture")
	}
	wantXML(t, text(t, file("bars.svg")))
}

// wantFigures wants a line's figure from everyone who can have one.
func wantFigures(t *testing.T, res *results, r row, l line) {
	t.Helper()
	grows := strings.HasPrefix(r.name, "growth-")
	for _, name := range engineNames() {
		_, got := res.find(r.name, name, l.metric)
		want := r.measure != nil && (!grows || name == ours)
		switch name {
		case machine:
			want = r.machine != nil
		case hashmap:
			want = want && !r.mode.durable && r.name != "open" && r.name != "killed" && !strings.HasPrefix(r.name, "scan-")
		}
		if got != want {
			t.Errorf("%s of %s in %s: measured %v, want %v", l.metric, name, r.name, got, want)
		}
	}
}

// TestFromAnEarlierRun measures one row of an earlier run anew and leaves
// the others alone.
func TestFromAnEarlierRun(t *testing.T) {
	name := filepath.Join(t.TempDir(), "run.json")
	res := &results{Keys: 100, Runs: 3}
	res.put("get-miss-1", ours, []metrics{{rate: 7}})
	res.put("open", ours, []metrics{{"ms": 8}})
	must(t, res.write(name))
	must(t, run(context.Background(), []string{"-from", name, "-json", name, "-rows", "get-miss-1", "-engines", "kv", "-time", "1ms", "-runs", "2", "-dir", t.TempDir()}))
	res, err := readResults(name)
	must(t, err)
	if v, _ := res.median("open", ours, "ms"); v != 8 {
		t.Errorf("the row that was not asked for is %v, want 8", v)
	}
	if o, _ := res.find("get-miss-1", ours, rate); len(o.Runs) != 2 || o.Median <= 7 {
		t.Errorf("the row that was asked for is %+v", o)
	}
}

func TestMissingRows(t *testing.T) {
	res := &results{}
	res.put("open", ours, []metrics{{"ms": 8}})
	got, err := choose(config{from: "f", rows: rowsMissing}, res)
	must(t, err)
	if all := rows(nil); len(got) != len(all)-1 {
		t.Errorf("%d rows are missing, want all but one of %d", len(got), len(all))
	}
	if got, err := choose(config{from: "f"}, res); err != nil || len(got) > 0 {
		t.Errorf("to draw again, %d rows are measured, %v", len(got), err)
	}
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	dir := t.TempDir()
	if err := run(ctx, []string{"-keys", "100", "-engines", "kv", "-dir", dir}); !errors.Is(err, context.Canceled) {
		t.Errorf("run after an interrupt: %v", err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("%d directories are left, %v", len(left), err)
	}
}

func TestBadArguments(t *testing.T) {
	for _, args := range [][]string{{"-engines", "dbase"}, {"-runs", "0"}, {"-growth", "ten"}, {"-rows", "("}, {"table"}} {
		if err := run(context.Background(), append(args, "-dir", t.TempDir())); err == nil {
			t.Errorf("%q: no error", args)
		}
	}
}

func text(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	must(t, err)
	return string(b)
}

func wantXML(t *testing.T, s string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(s))
	for {
		if _, err := d.Token(); err == io.EOF {
			return
		} else if err != nil {
			t.Fatalf("the picture is no XML: %v", err)
		}
	}
}

// TestFailureOfOneEngine keeps an error for the end and goes on.
func TestFailureOfOneEngine(t *testing.T) {
	ctx := context.Background()
	s := &session{config: config{keys: 50, runs: 1, time: 1e6, engines: []string{ours}}, temp: t.TempDir(), res: &results{}}
	r, _ := rowNamed("get-miss-1", nil)
	unknown := row{name: "get-rich", lines: rates()}
	ch, err := start(ctx, ours, s.keys, s.temp)
	must(t, err)
	defer ch.kill()
	must(t, s.prepare(ctx, []*child{ch}, loadTask))
	for _, r := range []row{unknown, r} {
		must(t, s.measureRow(ctx, r, []*child{ch}))
	}
	if len(s.faults) != 1 || s.res.measured(unknown.name) || !s.res.measured(r.name) {
		t.Errorf("faults %v, measured %v and %v; want one fault and only the second", s.faults, s.res.measured(unknown.name), s.res.measured(r.name))
	}
}
