package main

import (
	"fmt"
	"io"
)

// help is the help command: the overview, or one command's text.
func (c *call) help(args []string) (exit, error) {
	if len(args) == 0 {
		overview(c.stdout)
		return exitOK, nil
	}
	cmd, ok := find(args[0])
	if !ok {
		return exitError, fmt.Errorf("unknown command %q; kvctl help lists them", args[0])
	}
	cmd.explain(c.stdout)
	return exitOK, nil
}

// overview writes what kvctl is and every command in a line.
func overview(w io.Writer) {
	fmt.Fprint(w, `Kvctl reads and writes a store's directory.

usage: kvctl COMMAND [flags] DIR [arguments]

`)
	for _, cmd := range commands() {
		fmt.Fprintf(w, "  %-7s %-20s %s\n", cmd.name, cmd.operands, cmd.summary)
	}
	fmt.Fprint(w, `
Flags may stand before or after the operands; -- ends them. Every command
takes -json. kvctl help COMMAND says more.

Exit codes: 0 done or found, 1 the key is not there or not all could be salvaged,
2 an error.

Example:
  kvctl set /var/lib/app/state greeting hello -ttl 30m
  kvctl get /var/lib/app/state greeting
`)
}

// explain writes the command's usage, details, flags and example.
func (cmd command) explain(w io.Writer) {
	fmt.Fprintf(w, "usage: kvctl %s [flags] %s\n\n%s\n\nFlags:\n", cmd.name, cmd.operands, cmd.details)
	fs, _ := cmd.prepare(new(call))
	fs.SetOutput(w)
	fs.PrintDefaults()
	fmt.Fprintf(w, "\nExample:\n  %s\n", cmd.example)
}
