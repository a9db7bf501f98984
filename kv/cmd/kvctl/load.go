package main

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spcent/plumego/store/kv"
)

// maxJSONLine bounds a line of load, in bytes: the greatest value of the
// default options in base64, with room for its key.
const maxJSONLine = 128 << 20

func loadCommand() command {
	return command{
		name:     "load",
		operands: "DIR [FILE]",
		summary:  "store the lines of a dump",
		details: `Load stores the items of FILE, or of standard input if it is - or missing:
JSON Lines as dump writes them, plain or gzip.

  {"key":"session:42","value":"hello","deadline":"2026-03-14T09:26:53.000Z"}
  {"key64":"AP8=","value64":"iVBORw0KGgo="}

key64 and value64 are base64, for bytes that are not UTF-8. A line without a
deadline lives for ever; one whose deadline is past is what dump would leave
out: its key is gone afterwards. The store is created if it is missing, and
what it holds under other keys stays. The items are on stable storage when
load returns.

A bad line (not JSON, an unknown field, longer than 128 MiB, a key or value
the store does not take) is counted, and the first few are shown on standard
error with their numbers. The good lines are kept, and the exit code is 2.`,
		example: "kvctl dump /var/lib/app/state | kvctl load /var/lib/app/copy",
		flags:   plain(load),
	}
}

func load(c *call) (exit, error) {
	return c.withInput(c.operand(1, "-"), func(in io.Reader) (exit, error) {
		return c.withStore(toLoad, func(s *kv.KVStore) (exit, error) {
			l := loader{store: s, lines: newLineReader(in, maxJSONLine)}
			if err := errors.Join(l.run(c), s.Sync()); err != nil {
				return exitError, fmt.Errorf("stopped after line %d: %w", l.lines.lines, err)
			}
			return l.summary(c)
		})
	})
}

// loader stores lines and counts them.
type loader struct {
	store *kv.KVStore
	lines *lineReader

	loaded  int64
	expired int64
	bad     badLines
}

// run stores every line, until the end, an error, or an interrupt.
func (l *loader) run(c *call) error {
	p := c.newProgress("lines")
	defer p.done()
	for {
		if err := c.interrupted(); err != nil {
			return err
		}
		text, err := l.lines.next()
		if err == io.EOF {
			return nil
		}
		if err == nil && len(text) > 0 {
			err = l.storeLine(text)
		}
		var reason badLine
		if errors.As(err, &reason) {
			l.bad.add(l.lines.lines, reason)
		} else if err != nil {
			return err
		}
		p.step(l.lines.lines, l.lines.bytes)
	}
}

// storeLine stores one line.
func (l *loader) storeLine(text []byte) error {
	item, err := parseLine(text)
	if err != nil {
		return err
	}
	err = l.store.SetUntil(item.Key, item.Value, item.Deadline)
	switch {
	case errors.Is(err, kv.ErrInvalidKey):
		return badLine("the store does not take this key")
	case errors.Is(err, kv.ErrValueTooLarge):
		return badLine("value is too large for the store")
	case err != nil:
		return err
	}
	if !item.Deadline.IsZero() && !item.Deadline.After(time.Now()) {
		l.expired++
	} else {
		l.loaded++
	}
	return nil
}

// summary prints the counts, and is an error if there were bad lines.
func (l *loader) summary(c *call) (exit, error) {
	for _, b := range l.bad.first {
		fmt.Fprintf(c.stderr, "kvctl: line %d: %s\n", b.Line, b.Reason)
	}
	if c.json {
		err := c.printJSON(struct {
			Lines   int64            `json:"lines"`
			Loaded  int64            `json:"loaded"`
			Expired int64            `json:"expired"`
			Bad     int64            `json:"bad"`
			First   []numberedReason `json:"first_bad,omitempty"`
		}{l.lines.lines, l.loaded, l.expired, l.bad.count, l.bad.first})
		if err != nil {
			return exitError, err
		}
	} else {
		fmt.Fprintf(c.stdout, "%s: %d loaded, %d expired, %d bad\n",
			plural(l.lines.lines, "line"), l.loaded, l.expired, l.bad.count)
	}
	if l.bad.count > 0 {
		return exitError, fmt.Errorf("bad lines: %d; the good ones are kept", l.bad.count)
	}
	return exitOK, nil
}
