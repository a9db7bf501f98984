package main

import (
	"fmt"

	"github.com/spcent/plumego/store/kv"
)

func backupCommand() command {
	return command{
		name:     "backup",
		operands: "SRC DST",
		summary:  "copy a store",
		details: `Backup copies a store, as it is when backup begins, into the directory DST,
which must be empty or missing. An application may have the store open and go
on. The copy is on stable storage, and was read back and checked, when backup
exits with 0. With - for DST it writes the copy to standard output, for restore
to make a store of.`,
		example: `kvctl backup /var/lib/app/state /mnt/state.copy
  kvctl backup /var/lib/app/state - | ssh host kvctl restore - /var/lib/app/state`,
		flags: plain(backup),
	}
}

// copied is the JSON output.
type copied struct {
	Keys  int   `json:"keys"`
	Bytes int64 `json:"bytes"`
}

func backup(c *call) (exit, error) {
	dst := c.operands[1]
	return c.withStore(toRead, func(s *kv.KVStore) (exit, error) {
		p := c.newProgress("bytes")
		defer p.done()
		if dst == "-" {
			_, err := s.BackupTo(c.ctx, c.stdout, kv.Progress(p.share))
			return failed(err), err
		}
		if err := s.Backup(c.ctx, dst, kv.Progress(p.share)); err != nil {
			return exitError, err
		}
		return c.printCopied(s, "copied and checked")
	})
}

// printCopied says what a copy has.
func (c *call) printCopied(s *kv.KVStore, deed string) (exit, error) {
	u := s.Stats()
	if c.json {
		return exitOK, c.printJSON(copied{u.Keys, u.DiskBytes})
	}
	_, err := fmt.Fprintf(c.stdout, "%d keys, %d bytes %s\n", u.Keys, u.DiskBytes, deed)
	return exitOK, err
}

// failed is the exit code of an error.
func failed(err error) exit {
	if err != nil {
		return exitError
	}
	return exitOK
}
