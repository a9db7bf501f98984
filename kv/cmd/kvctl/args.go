package main

import (
	"errors"
	"flag"
	"fmt"
	"strings"
)

// errHelp says that -h or -help was among the flags.
var errHelp = flag.ErrHelp

// parseArgs sets the flags found in args and returns the operands. Unlike
// fs.Parse it finds flags after operands too. A number such as -5 is an
// operand, and so is everything after "--".
//
// An unknown flag is not named in the error: it may be a key or a value
// that begins with a dash.
func parseArgs(fs *flag.FlagSet, args []string) (operands []string, err error) {
	for len(args) > 0 {
		switch arg := args[0]; {
		case arg == "--":
			return append(operands, args[1:]...), nil
		case !isFlag(arg):
			operands = append(operands, arg)
			args = args[1:]
		default:
			n, err := flagWidth(fs, arg)
			if err != nil {
				return nil, err
			}
			n = min(n, len(args))
			if err := fs.Parse(args[:n]); err != nil {
				return nil, err
			}
			args = args[n:]
		}
	}
	return operands, nil
}

// isFlag reports whether arg is a flag by its looks: a dash and then a
// letter or a second dash.
func isFlag(arg string) bool {
	return len(arg) > 1 && arg[0] == '-' && !isDigit(arg[1]) && arg[1] != '.'
}

// flagWidth returns how many arguments the flag arg takes up: two if its
// value is the next one.
func flagWidth(fs *flag.FlagSet, arg string) (int, error) {
	name, _, joined := strings.Cut(strings.TrimPrefix(arg[1:], "-"), "=")
	if name == "h" || name == "help" {
		return 0, errHelp
	}
	f := fs.Lookup(name)
	if f == nil {
		return 0, fmt.Errorf("unknown flag; it has%s; write -- before an operand that begins with a dash", flagNames(fs))
	}
	if b, ok := f.Value.(interface{ IsBoolFlag() bool }); joined || ok && b.IsBoolFlag() {
		return 1, nil
	}
	return 2, nil
}

// flagNames returns the names of fs's flags, each after a space.
func flagNames(fs *flag.FlagSet) string {
	var names strings.Builder
	fs.VisitAll(func(f *flag.Flag) { names.WriteString(" -" + f.Name) })
	return names.String()
}

// notNegative returns an error that names the flag if n is below zero.
func notNegative(name string, n int64) error {
	if n < 0 {
		return errors.New("-" + name + " is negative")
	}
	return nil
}
