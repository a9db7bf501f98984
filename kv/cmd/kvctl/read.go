package main

import (
	"errors"
	"flag"
	"fmt"
	"time"

	"github.com/spcent/plumego/store/kv"
)

func getCommand() command {
	return command{
		name:     "get",
		operands: "DIR KEY",
		summary:  "print a key's value",
		details: `Get prints the value's bytes as they are; only on a terminal it adds a
newline. It exits with 1 if the key is not there.`,
		example: "kvctl get /var/lib/app/state session:42",
		flags:   plain(get),
	}
}

func get(c *call) (exit, error) {
	return c.withStore(toRead, func(s *kv.KVStore) (exit, error) {
		key := c.operands[1]
		value, err := s.Get(key)
		if err != nil {
			return c.notFound(key, err)
		}
		if c.json {
			return exitOK, c.printJSON(found{asKey(key), asValue(value), true})
		}
		if c.onTerminal {
			value = append(value, '\n')
		}
		_, err = c.stdout.Write(value)
		return exitOK, err
	})
}

func existsCommand() command {
	return command{
		name:     "exists",
		operands: "DIR KEY",
		summary:  "tell whether a key is there",
		details:  `Exists prints yes, or prints no and exits with 1.`,
		example:  "kvctl exists /var/lib/app/state session:42 && echo logged in",
		flags:    plain(exists),
	}
}

func exists(c *call) (exit, error) {
	return c.withStore(toRead, func(s *kv.KVStore) (exit, error) {
		key := c.operands[1]
		// Exists has no error to return; TTL tells a bad key from a
		// missing one.
		_, err := s.TTL(key)
		if err != nil && !errors.Is(err, kv.ErrKeyNotFound) {
			return exitError, err
		}
		code, word := exitOK, "yes"
		if err != nil {
			code, word = exitNotFound, "no"
		}
		if c.json {
			return code, c.printJSON(found{encodedKey: asKey(key), Found: err == nil})
		}
		fmt.Fprintln(c.stdout, word)
		return code, nil
	})
}

func ttlCommand() command {
	return command{
		name:     "ttl",
		operands: "DIR KEY",
		summary:  "print how long a key has to live",
		details: `Ttl prints a duration such as 29m59.5s, or "forever". With -json it is
ttl_ms, in milliseconds, and null for ever. It exits with 1 if the key is
not there.`,
		example: "kvctl ttl /var/lib/app/state session:42",
		flags:   plain(ttl),
	}
}

func ttl(c *call) (exit, error) {
	return c.withStore(toRead, func(s *kv.KVStore) (exit, error) {
		key := c.operands[1]
		left, err := s.TTL(key)
		if err != nil {
			return c.notFound(key, err)
		}
		if c.json {
			return exitOK, c.printJSON(struct {
				encodedKey
				TTL *int64 `json:"ttl_ms"`
			}{asKey(key), millis(left)})
		}
		if left == 0 {
			fmt.Fprintln(c.stdout, "forever")
		} else {
			fmt.Fprintln(c.stdout, left.Round(time.Millisecond))
		}
		return exitOK, nil
	})
}

// millis returns d in milliseconds, or nil if it stands for ever.
func millis(d time.Duration) *int64 {
	if d == 0 {
		return nil
	}
	ms := d.Milliseconds()
	return &ms
}

// found is the JSON answer of the commands that look for one key.
type found struct {
	encodedKey
	encodedValue
	Found bool `json:"found"`
}

// notFound ends a command that met err while looking for key: with code 1
// if it is not there.
func (c *call) notFound(key string, err error) (exit, error) {
	if !errors.Is(err, kv.ErrKeyNotFound) {
		return exitError, err
	}
	if c.json {
		return exitNotFound, c.printJSON(found{encodedKey: asKey(key)})
	}
	return exitNotFound, errors.New("not found")
}

// flagTTL declares -ttl for the commands that write a key.
func flagTTL(fs *flag.FlagSet, usage string) *time.Duration {
	return fs.Duration("ttl", 0, usage)
}
