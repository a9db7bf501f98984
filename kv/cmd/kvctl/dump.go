package main

import (
	"cmp"

	"github.com/spcent/plumego/store/kv"
)

func dumpCommand() command {
	return command{
		name:     "dump",
		operands: "DIR [PREFIX]",
		summary:  "write keys, values and deadlines as JSON Lines",
		details: `Dump writes one line of JSON for each key that begins with PREFIX, in key
order, as load reads them: key or key64, value or value64, and deadline if
there is one. The forms ending in 64 are base64, for bytes that are not UTF-8
or would be longer as text. Expired keys are left out. It always writes JSON.`,
		example: "kvctl dump /var/lib/app/state | gzip > state.jsonl.gz",
		flags:   plain(dump),
	}
}

func dump(c *call) (exit, error) {
	return c.withStore(toRead, func(s *kv.KVStore) (exit, error) {
		p := c.newProgress("keys")
		defer p.done()
		var keys, bytes int64
		for item, err := range s.Scan(c.operand(1, "")) {
			if err == nil {
				err = cmp.Or(c.interrupted(), c.printJSON(toLine(item)))
			}
			if err != nil {
				return exitError, err
			}
			keys++
			bytes += int64(len(item.Key) + len(item.Value))
			p.step(keys, bytes)
		}
		return exitOK, nil
	})
}
