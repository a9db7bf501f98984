package main

import (
	"flag"
	"io"
	"strings"
)

// action carries out a command whose flags and operands are parsed.
type action func(*call) (exit, error)

// command describes one command to the dispatcher and to the reader of its
// help.
type command struct {
	name     string
	operands string // as shown in its usage; those in brackets are optional
	summary  string // one line
	details  string // what it prints, its exit codes
	example  string

	// flags declares the command's own flags and returns the action that
	// reads them. -json is declared for every command.
	flags func(*flag.FlagSet) action
}

// commands returns every command in the order of the overview.
func commands() []command {
	return []command{
		getCommand(), setCommand(), delCommand(), existsCommand(), ttlCommand(), incrCommand(),
		scanCommand(), countCommand(), statsCommand(), inspectCommand(),
		verifyCommand(), salvageCommand(), compactCommand(), backupCommand(), restoreCommand(),
		loadCommand(), dumpCommand(), replayCommand(),
	}
}

// find returns the command of that name.
func find(name string) (command, bool) {
	for _, cmd := range commands() {
		if cmd.name == name {
			return cmd, true
		}
	}
	return command{}, false
}

// prepare returns the command's flag set, bound to c, and its action.
func (cmd command) prepare(c *call) (*flag.FlagSet, action) {
	fs := flag.NewFlagSet(cmd.name, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.BoolVar(&c.json, "json", false, "print the result as JSON")
	return fs, cmd.flags(fs)
}

// arity returns the least and the greatest number of operands.
func (cmd command) arity() (least, most int) {
	for _, word := range strings.Fields(cmd.operands) {
		most++
		if !strings.HasPrefix(word, "[") {
			least++
		}
	}
	return least, most
}

// plain is the flags of a command that has none of its own.
func plain(act action) func(*flag.FlagSet) action {
	return func(*flag.FlagSet) action { return act }
}
