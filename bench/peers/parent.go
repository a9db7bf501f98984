package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// child is a process that measures one engine. It is stopped but while it
// has a task.
type child struct {
	label string // of the engine, as results name it
	cmd   *exec.Cmd
	in    io.WriteCloser
	tasks *json.Encoder
	out   *json.Decoder
}

func start(ctx context.Context, kind string, keys int, dir string) (*child, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	if dir, err = os.MkdirTemp(dir, kind+"-"); err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, self)
	cmd.Env = append(os.Environ(), childEnv+"="+kind, dirEnv+"="+dir, keysEnv+"="+strconv.Itoa(keys))
	cmd.Stderr = os.Stderr
	// Its own group: an interrupt from the keyboard is the parent's matter.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	c := &child{label: kind, cmd: cmd, in: in, tasks: json.NewEncoder(in), out: json.NewDecoder(out)}
	return c, c.signal(syscall.SIGSTOP)
}

func (c *child) signal(s syscall.Signal) error { return c.cmd.Process.Signal(s) }

// do has the child do a task. It returns no metrics if the engine cannot.
func (c *child) do(t task) (metrics, error) {
	if err := c.signal(syscall.SIGCONT); err != nil {
		return nil, err
	}
	if err := c.tasks.Encode(t); err != nil {
		return nil, err
	}
	var a answer
	if err := c.out.Decode(&a); err != nil {
		return nil, fmt.Errorf("%s in %s: the process has ended: %w", c.label, t.Row, err)
	}
	if a.Error != "" {
		return nil, fmt.Errorf("%s in %s: %s", c.label, t.Row, a.Error)
	}
	return a.Metrics, c.signal(syscall.SIGSTOP)
}

// kill ends the child at once: what it measured is all that is wanted.
func (c *child) kill() {
	c.in.Close()
	c.cmd.Process.Kill()
	c.cmd.Wait()
}

// measureAll measures rows, all engines in turn, and writes what it has
// after each row.
func measureAll(ctx context.Context, c config, chosen []row, res *results) error {
	dir, err := os.MkdirTemp(c.dir, "store-peers-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	begun := time.Now()
	say := func(format string, args ...any) {
		fmt.Fprintf(os.Stderr, "%6.1fs  "+format+"\n", append([]any{time.Since(begun).Seconds()}, args...)...)
	}
	var main, growth []row
	for _, r := range chosen {
		if _, ok := growthSize(r); ok {
			growth = append(growth, r)
		} else {
			main = append(main, r)
		}
	}
	if err := measurePeers(ctx, c, dir, main, res, say); err != nil {
		return err
	}
	return measureGrowth(ctx, c, dir, growth, res, say)
}

// measurePeers measures rows with one process for each engine.
func measurePeers(ctx context.Context, c config, dir string, chosen []row, res *results, say func(string, ...any)) error {
	if len(chosen) == 0 {
		return nil
	}
	var children []*child
	defer func() {
		for _, ch := range children {
			ch.kill()
		}
	}()
	for _, name := range c.engines {
		ch, err := start(ctx, name, c.keys, dir)
		if err != nil {
			return err
		}
		children = append(children, ch)
	}
	if slices.ContainsFunc(chosen, func(r row) bool { return !r.empty }) {
		if err := all(ctx, children, loadTask, say); err != nil {
			return err
		}
		if err := all(ctx, children, warmTask, say); err != nil {
			return err
		}
	}
	for _, r := range chosen {
		if err := measureRow(ctx, c, r, children, res, say); err != nil {
			return err
		}
	}
	return nil
}

// all has every engine prepare for what is measured, one after the other.
func all(ctx context.Context, children []*child, preparation string, say func(string, ...any)) error {
	for _, ch := range children {
		_, err := ch.do(task{Row: preparation})
		if err := cause(ctx, err); err != nil {
			return err
		}
		say("%s %s", preparation, ch.label)
	}
	syscall.Sync() // their dirty pages are no affair of those who are measured
	return nil
}

// measureGrowth measures one engine in stores of several sizes, each in a
// process of its own.
func measureGrowth(ctx context.Context, c config, dir string, chosen []row, res *results, say func(string, ...any)) error {
	if len(chosen) == 0 {
		return nil
	}
	children := map[string]*child{}
	defer func() {
		for _, ch := range children {
			ch.kill()
		}
	}()
	for _, r := range chosen {
		n, _ := growthSize(r)
		ch, err := start(ctx, ours, n, dir)
		if err != nil {
			return err
		}
		children[r.name] = ch
		if err := all(ctx, []*child{ch}, loadTask, say); err != nil {
			return err
		}
	}
	found := map[string][]metrics{}
	for run := range c.runs {
		for _, r := range chosen {
			m, err := children[r.name].do(task{Row: r.name, Time: c.time, Run: run})
			if err := cause(ctx, err); err != nil {
				return err
			}
			found[r.name] = append(found[r.name], m)
		}
		say("growth, run %d of %d", run+1, c.runs)
	}
	for _, r := range chosen {
		res.put(r.name, ours, found[r.name])
		say("%s", progress(res, r, []string{ours}))
	}
	return res.write(c.json)
}

func growthSize(r row) (n int, ok bool) {
	_, err := fmt.Sscanf(r.name, "growth-%d", &n)
	return n, err == nil
}

// measureRow measures one row, every engine in every run.
func measureRow(ctx context.Context, c config, r row, children []*child, res *results, say func(string, ...any)) error {
	found := map[string][]metrics{}
	unable := map[string]bool{}
	runs := c.runs
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
			time.Sleep(c.pause)
			m, err := ch.do(task{Row: r.name, Time: c.time, Run: run})
			if err := cause(ctx, err); err != nil {
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
		res.put(r.name, name, m)
	}
	say("%s", progress(res, r, c.engines))
	return res.write(c.json)
}

// cause prefers the interruption to the failure that followed from it.
func cause(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// progress says in one line what a row has found.
func progress(res *results, r row, engines []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-20s", r.name)
	for _, name := range engines {
		if v, ok := res.median(r.name, name, r.lines[0].metric); ok {
			fmt.Fprintf(&b, "  %s %s", name, figure(v))
		}
	}
	return b.String()
}
