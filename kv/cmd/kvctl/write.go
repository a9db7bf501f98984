package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/spcent/plumego/store/kv"
)

// maxStdinValue bounds a value read from standard input, in bytes: one more
// than any store takes, so that the store speaks about those beyond.
const maxStdinValue = 1<<30 + 1

func setCommand() command {
	return command{
		name:     "set",
		operands: "DIR KEY VALUE",
		summary:  "store a value under a key",
		details: `Set stores VALUE under KEY, in place of any value and deadline it had, and
returns when it is on stable storage. The VALUE - stands for the bytes of
standard input. The store is created if it is missing. Set prints nothing.`,
		example: "kvctl set /var/lib/app/state session:42 hello -ttl 30m",
		flags: func(fs *flag.FlagSet) action {
			ttl := flagTTL(fs, "time to live, such as 30m; 0: for ever")
			return func(c *call) (exit, error) { return set(c, *ttl) }
		},
	}
}

func set(c *call, ttl time.Duration) (exit, error) {
	value, err := c.valueOperand()
	if err != nil {
		return exitError, err
	}
	return c.withStore(toWrite, func(s *kv.KVStore) (exit, error) {
		key := c.operands[1]
		if err := s.Set(key, value, ttl); err != nil {
			return exitError, err
		}
		if !c.json {
			return exitOK, nil
		}
		return exitOK, c.printJSON(struct {
			encodedKey
			Bytes int    `json:"bytes"`
			TTL   *int64 `json:"ttl_ms"`
		}{asKey(key), len(value), millis(ttl)})
	})
}

// valueOperand returns the value that set is to store.
func (c *call) valueOperand() ([]byte, error) {
	if c.operands[2] != "-" {
		return []byte(c.operands[2]), nil
	}
	value, err := io.ReadAll(io.LimitReader(c.stdin, maxStdinValue))
	if err != nil {
		return nil, fmt.Errorf("reading standard input: %w", err)
	}
	return value, nil
}

func delCommand() command {
	return command{
		name:     "del",
		operands: "DIR KEY",
		summary:  "delete a key",
		details: `Del deletes KEY and returns when that is on stable storage. A key that is
not there is deleted already: the exit code is 0 too. Del prints nothing;
with -json it tells whether the key was there.`,
		example: "kvctl del /var/lib/app/state session:42",
		flags:   plain(del),
	}
}

func del(c *call) (exit, error) {
	return c.withStore(toWrite, func(s *kv.KVStore) (exit, error) {
		key := c.operands[1]
		was := s.Exists(key)
		if err := s.Delete(key); err != nil {
			return exitError, err
		}
		if c.json {
			return exitOK, c.printJSON(struct {
				encodedKey
				Deleted bool `json:"deleted"`
			}{asKey(key), was})
		}
		return exitOK, nil
	})
}

func incrCommand() command {
	return command{
		name:     "incr",
		operands: "DIR KEY [DELTA]",
		summary:  "add to a counter",
		details: `Incr adds DELTA, by default 1, to the counter KEY and prints its new value,
on stable storage by then. A missing counter begins at 0, and only then -ttl
matters: it is never slid. DELTA may be negative.`,
		example: "kvctl incr /var/lib/app/state visits -5",
		flags: func(fs *flag.FlagSet) action {
			ttl := flagTTL(fs, "time to live of a new counter, such as 1m; 0: for ever")
			return func(c *call) (exit, error) { return incr(c, *ttl) }
		},
	}
}

func incr(c *call, ttl time.Duration) (exit, error) {
	delta, err := strconv.ParseInt(c.operand(2, "1"), 10, 64)
	if err != nil {
		return exitError, errors.New("DELTA is not a 64-bit integer")
	}
	return c.withStore(toWrite, func(s *kv.KVStore) (exit, error) {
		key := c.operands[1]
		n, err := s.Incr(key, delta, ttl)
		if err != nil {
			return exitError, err
		}
		if c.json {
			return exitOK, c.printJSON(struct {
				encodedKey
				Value int64 `json:"value"`
			}{asKey(key), n})
		}
		fmt.Fprintln(c.stdout, n)
		return exitOK, nil
	})
}
