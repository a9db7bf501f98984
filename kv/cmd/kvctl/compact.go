package main

import (
	"fmt"
	"os"

	"github.com/spcent/plumego/store/kv"
)

func compactCommand() command {
	return command{
		name:     "compact",
		operands: "DIR",
		summary:  "give back the space of useless records",
		details: `Compact rewrites every segment that has records nobody needs, of values that
were overwritten, deleted or have expired, and prints what the store took
before and takes now. An application does this by itself while it runs.`,
		example: "kvctl compact /var/lib/app/state",
		flags:   plain(compact),
	}
}

// compacted is the JSON output.
type compacted struct {
	Before int64 `json:"disk_bytes_before"`
	After  int64 `json:"disk_bytes_after"`
	Copied int64 `json:"copied_bytes"`
}

func compact(c *call) (exit, error) {
	if _, err := os.Stat(c.operands[0]); err != nil {
		return exitError, fmt.Errorf("%s does not exist", c.operands[0])
	}
	return c.withStore(toWrite, func(s *kv.KVStore) (exit, error) {
		r := compacted{Before: s.Stats().DiskBytes}
		if err := s.Compact(c.ctx); err != nil {
			return exitError, err
		}
		u := s.Stats()
		r.After, r.Copied = u.DiskBytes, u.CopiedBytes
		if c.json {
			return exitOK, c.printJSON(r)
		}
		_, err := fmt.Fprintf(c.stdout, "%d bytes on disk, %d before; %d bytes copied\n", r.After, r.Before, r.Copied)
		return exitOK, err
	})
}
