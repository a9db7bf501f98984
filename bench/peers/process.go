package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
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

// tooLong is when a task is given up: no row takes a tenth of it.
const tooLong = 10 * time.Minute

// do has the child do a task. It returns no metrics if the engine cannot.
func (c *child) do(t task) (metrics, error) {
	guard := time.AfterFunc(tooLong, func() { c.cmd.Process.Kill() })
	defer guard.Stop()
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
