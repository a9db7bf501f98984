package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
)

// call is one invocation of a command: what it was given, and where it
// reads and writes.
type call struct {
	ctx      context.Context // cancelled by an interrupt
	operands []string        // the arguments that are not flags
	json     bool            // -json

	stdin      io.Reader
	stdout     *bufio.Writer // flushed by run
	stderr     io.Writer
	onTerminal bool // whether stdout is a terminal
}

// operand returns the i-th operand, or def if it was not given.
func (c *call) operand(i int, def string) string {
	if i < len(c.operands) {
		return c.operands[i]
	}
	return def
}

// interrupted returns an error once the process was asked to stop.
func (c *call) interrupted() error {
	if c.ctx.Err() != nil {
		return errors.New("interrupted")
	}
	return nil
}

// printJSON writes v as one line of JSON.
func (c *call) printJSON(v any) error {
	enc := json.NewEncoder(c.stdout)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// isTerminal reports whether f, a reader or writer, is a terminal.
func isTerminal(f any) bool {
	file, ok := f.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
