package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"
)

// session measures rows. What fails in one engine is said, and does not
// keep the others from being measured.
type session struct {
	config
	temp   string // directory of all stores
	res    *results
	begun  time.Time
	faults []error
}

// measureAll measures rows, all engines in turn, and writes what it has
// after each row.
//
// faults are what went wrong in single engines, err what ended the session.
func measureAll(ctx context.Context, c config, chosen []row, res *results) (faults []error, err error) {
	dir, err := os.MkdirTemp(c.dir, "store-peers-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	s := &session{config: c, temp: dir, res: res, begun: time.Now()}
	var peers, growth []row
	for _, r := range chosen {
		if _, ok := growthSize(r); ok {
			growth = append(growth, r)
		} else {
			peers = append(peers, r)
		}
	}
	if err = s.measurePeers(ctx, peers); err == nil {
		err = s.measureGrowth(ctx, growth)
	}
	return s.faults, err
}

// say tells how far the session is.
func (s *session) say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "%6.1fs  %s\n", time.Since(s.begun).Seconds(), fmt.Sprintf(format, args...))
}

// measurePeers measures rows with one process for each engine.
func (s *session) measurePeers(ctx context.Context, chosen []row) error {
	if len(chosen) == 0 {
		return nil
	}
	var children []*child
	defer func() {
		for _, ch := range children {
			ch.kill()
		}
	}()
	for _, name := range s.engines {
		ch, err := start(ctx, name, s.keys, s.temp)
		if err != nil {
			return err
		}
		children = append(children, ch)
	}
	if slices.ContainsFunc(chosen, func(r row) bool { return !r.empty }) {
		for _, preparation := range []string{loadTask, warmTask} {
			if err := s.prepare(ctx, children, preparation); err != nil {
				return err
			}
		}
	}
	for _, r := range chosen {
		if err := s.measureRow(ctx, r, children); err != nil {
			return err
		}
	}
	return nil
}

// prepare has every engine prepare for what is measured, one after another.
func (s *session) prepare(ctx context.Context, children []*child, preparation string) error {
	for _, ch := range children {
		if _, err := s.do(ctx, ch, task{Row: preparation}); err != nil {
			return err
		}
		s.say("%s %s", preparation, ch.label)
	}
	syscall.Sync() // their dirty pages are no affair of those who are measured
	return nil
}

// measureGrowth measures one engine in stores of several sizes, each in a
// process of its own.
func (s *session) measureGrowth(ctx context.Context, chosen []row) error {
	var children []*child
	defer func() {
		for _, ch := range children {
			ch.kill()
		}
	}()
	for _, r := range chosen {
		n, _ := growthSize(r)
		ch, err := start(ctx, ours, n, s.temp)
		if err != nil {
			return err
		}
		children = append(children, ch)
		s.say("%s:", r.name)
		if err := s.prepare(ctx, []*child{ch}, loadTask); err != nil {
			return err
		}
	}
	found := make([][]metrics, len(chosen))
	for run := range s.runs {
		for i, r := range chosen {
			m, err := s.do(ctx, children[i], task{Row: r.name, Time: s.time, Run: run})
			if err != nil {
				return err
			}
			found[i] = append(found[i], m)
		}
	}
	for i, r := range chosen {
		s.keep(r, ours, found[i])
		s.say("%s", progress(s.res, r, []string{ours}))
	}
	return s.res.write(s.json)
}

func growthSize(r row) (n int, ok bool) {
	_, err := fmt.Sscanf(r.name, "growth-%d", &n)
	return n, err == nil
}

// measureRow measures one row, every engine in every run.
func (s *session) measureRow(ctx context.Context, r row, children []*child) error {
	found := map[string][]metrics{}
	unable := map[string]bool{}
	runs := s.runs
	if r.once {
		runs = 1
	}
	for run := range runs {
		for i := range children {
			ch := children[(i+run)%len(children)]
			if unable[ch.label] {
				continue
			}
			if r.writes {
				syscall.Sync()
			}
			time.Sleep(s.pause)
			m, err := s.do(ctx, ch, task{Row: r.name, Time: s.time, Run: run})
			if err != nil {
				return err
			}
			if m == nil {
				unable[ch.label] = true
				continue
			}
			found[ch.label] = append(found[ch.label], m)
		}
	}
	for name, m := range found {
		s.keep(r, name, m)
	}
	s.say("%s", progress(s.res, r, s.engines))
	return s.res.write(s.json)
}

// do has a child do a task. An error is that of the session; one of the
// engine is kept for the end, and there are no metrics.
func (s *session) do(ctx context.Context, ch *child, t task) (metrics, error) {
	m, err := ch.do(t)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx) // a failure follows from it
	}
	if err != nil {
		s.say("FAILED: %v", err)
		s.faults = append(s.faults, err)
		return nil, nil
	}
	return m, nil
}

// keep puts the runs of an engine into the results, unless one failed.
func (s *session) keep(r row, engine string, runs []metrics) {
	runs = slices.DeleteFunc(runs, func(m metrics) bool { return m == nil })
	if len(runs) > 0 {
		s.res.put(r.name, engine, runs)
	}
}

// progress says in one line what a row has found.
func progress(res *results, r row, names []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-20s", r.name)
	for _, name := range names {
		if v, ok := res.median(r.name, name, r.lines[0].metric); ok {
			fmt.Fprintf(&b, "  %s %s", name, figure(v))
		}
	}
	return b.String()
}
