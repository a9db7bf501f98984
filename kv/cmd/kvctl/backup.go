package main

import (
	"fmt"
	"os"

	"github.com/spcent/plumego/store/kv"
)

func backupCommand() command {
	return command{
		name:     "backup",
		operands: "SRC DST",
		summary:  "copy a store",
		details: `Backup copies a store that no application has open into DST, which must be
empty or missing. The copy is on stable storage, and was read back and
checked, when backup exits with 0. A running application copies its store by
Backup of package kv.`,
		example: "kvctl backup /var/lib/app/state /mnt/state.copy",
		flags:   plain(backup),
	}
}

// backedUp is the JSON output.
type backedUp struct {
	Keys  int   `json:"keys"`
	Bytes int64 `json:"bytes"`
}

func backup(c *call) (exit, error) {
	if _, err := os.Stat(c.operands[0]); err != nil {
		return exitError, fmt.Errorf("%s does not exist", c.operands[0])
	}
	return c.withStore(toWrite, func(s *kv.KVStore) (exit, error) {
		if err := s.Backup(c.ctx, c.operands[1]); err != nil {
			return exitError, err
		}
		u := s.Stats()
		if c.json {
			return exitOK, c.printJSON(backedUp{u.Keys, u.DiskBytes})
		}
		_, err := fmt.Fprintf(c.stdout, "%d keys, %d bytes copied and checked\n", u.Keys, u.DiskBytes)
		return exitOK, err
	})
}
