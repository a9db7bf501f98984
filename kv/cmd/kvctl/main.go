// Kvctl is the operator's tool for a directory that package kv keeps:
// it reads and writes single keys, lists, counts, inspects, verifies,
// salvages, dumps, loads, and replays a web server's access log as an
// application would live it.
//
//	kvctl COMMAND [flags] DIR [arguments]
//
// It exits with 0 when it did what was asked, 1 when the key is not there, or
// when salvage could not read all, and 2 on an error, whose text is on
// standard error. Commands that read open the store read-only, create nothing,
// and work beside an application that has it open: they show the store as it
// was when they began. Commands that write are refused then.
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

// exit is the process's exit code.
type exit int

const (
	exitOK       exit = 0 // done, or found
	exitNotFound exit = 1 // the key is not there
	exitLost     exit = 1 // something could not be salvaged
	exitError    exit = 2 // the text is on standard error
)

func main() {
	// With SIGPIPE ignored a closed standard output is an ordinary error,
	// so that a store is closed and a temporary directory removed.
	signal.Ignore(syscall.SIGPIPE)

	// The first interrupt asks the command to stop; a second one kills.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	os.Exit(int(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)))
}

// run is main without the process: it carries out one command line.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) exit {
	c := &call{
		ctx:        ctx,
		stdin:      stdin,
		stdout:     bufio.NewWriterSize(stdout, 64<<10),
		stderr:     stderr,
		onTerminal: isTerminal(stdout),
	}
	code, err := c.dispatch(args)
	if flushErr := c.stdout.Flush(); err == nil {
		err = flushErr
	} else if errors.Is(err, syscall.EPIPE) {
		code = exitOK // What the command could not do was to write on.
	}
	if err == nil || errors.Is(err, syscall.EPIPE) {
		return code // The reader has seen enough, as in "kvctl scan | head".
	}
	fmt.Fprintf(stderr, "kvctl: %s\n", strings.TrimPrefix(err.Error(), "kv: "))
	if code == exitOK {
		code = exitError
	}
	return code
}

// dispatch finds the command, parses its arguments and runs it.
func (c *call) dispatch(args []string) (exit, error) {
	if len(args) == 0 {
		overview(c.stderr)
		return exitError, errors.New("no command")
	}
	name, args := args[0], args[1:]
	switch name {
	case "help", "-h", "-help", "--help":
		return c.help(args)
	}
	cmd, ok := find(name)
	if !ok {
		return exitError, fmt.Errorf("unknown command %q; kvctl help lists them", name)
	}

	fs, act := cmd.prepare(c)
	operands, err := parseArgs(fs, args)
	if errors.Is(err, errHelp) {
		cmd.explain(c.stdout)
		return exitOK, nil
	}
	if err != nil {
		return exitError, fmt.Errorf("%s: %w", name, err)
	}
	if least, most := cmd.arity(); len(operands) < least || len(operands) > most {
		return exitError, fmt.Errorf("usage: kvctl %s [flags] %s", name, cmd.operands)
	}
	c.operands = operands
	return act(c)
}
