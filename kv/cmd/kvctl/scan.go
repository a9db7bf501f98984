package main

import (
	"cmp"
	"flag"
	"fmt"
	"strconv"
	"unicode"
	"unicode/utf8"

	"github.com/spcent/plumego/store/kv"
)

func scanCommand() command {
	return command{
		name:     "scan",
		operands: "DIR [PREFIX]",
		summary:  "list keys and values in key order",
		details: `Scan prints a line for each key that begins with PREFIX: the key, a tab, the
value. What is not plain printable text is quoted, as in Go source. With
-json the lines are those of dump.`,
		example: "kvctl scan /var/lib/app/state session: -limit 10",
		flags: func(fs *flag.FlagSet) action {
			keys := fs.Bool("keys", false, "print only the keys")
			limit := fs.Int64("limit", 0, "stop after `N` keys; 0: no limit")
			return func(c *call) (exit, error) {
				if err := notNegative("limit", *limit); err != nil {
					return exitError, err
				}
				if *keys {
					return scanKeys(c, *limit)
				}
				return scan(c, *limit)
			}
		},
	}
}

func scan(c *call, limit int64) (exit, error) {
	return c.withStore(toRead, func(s *kv.KVStore) (exit, error) {
		printed := int64(0)
		for item, err := range s.Scan(c.operand(1, "")) {
			if err == nil {
				err = cmp.Or(c.interrupted(), c.printItem(item))
			}
			if err != nil {
				return exitError, err
			}
			if printed++; printed == limit {
				break
			}
		}
		return exitOK, nil
	})
}

// printItem writes one line of scan.
func (c *call) printItem(item kv.Item) error {
	if c.json {
		return c.printJSON(toLine(item))
	}
	_, err := fmt.Fprintf(c.stdout, "%s\t%s\n", shown(item.Key), shown(string(item.Value)))
	return err
}

func scanKeys(c *call, limit int64) (exit, error) {
	return c.withStore(toRead, func(s *kv.KVStore) (exit, error) {
		printed := int64(0)
		for key := range s.Keys(c.operand(1, "")) {
			if err := cmp.Or(c.interrupted(), c.printKey(key)); err != nil {
				return exitError, err
			}
			if printed++; printed == limit {
				break
			}
		}
		return exitOK, nil
	})
}

// printKey writes one line of scan -keys.
func (c *call) printKey(key string) error {
	if c.json {
		return c.printJSON(asKey(key))
	}
	_, err := fmt.Fprintln(c.stdout, shown(key))
	return err
}

// shown returns text as it is if it is safe to print on one line of a
// terminal, and quoted otherwise. Text that begins with a quote is quoted
// too, so that the two cannot be confused.
func shown(text string) string {
	if !utf8.ValidString(text) || len(text) > 0 && text[0] == '"' {
		return strconv.Quote(text)
	}
	for _, r := range text {
		if !unicode.IsPrint(r) {
			return strconv.Quote(text)
		}
	}
	return text
}

func countCommand() command {
	return command{
		name:     "count",
		operands: "DIR [PREFIX]",
		summary:  "count keys",
		details:  `Count prints how many keys begin with PREFIX. None is 0, not an error.`,
		example:  "kvctl count /var/lib/app/state session:",
		flags:    plain(count),
	}
}

func count(c *call) (exit, error) {
	return c.withStore(toRead, func(s *kv.KVStore) (exit, error) {
		n := 0
		for range s.Keys(c.operand(1, "")) {
			if err := c.interrupted(); err != nil {
				return exitError, err
			}
			n++
		}
		if c.json {
			return exitOK, c.printJSON(struct {
				Count int `json:"count"`
			}{n})
		}
		fmt.Fprintln(c.stdout, n)
		return exitOK, nil
	})
}
