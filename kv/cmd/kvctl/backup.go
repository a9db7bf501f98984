package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"syscall"

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
to make a store of; -json then prints to standard error.`,
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
			return c.backupToStdout(s, p)
		}
		if err := s.Backup(c.ctx, dst, kv.Progress(p.share)); err != nil {
			return exitError, err
		}
		return c.printCopied(s, "copied and checked")
	})
}

// backupToStdout writes a stream. Of other output a reader may have seen
// enough; of this he must have all.
func (c *call) backupToStdout(s *kv.KVStore, p *progress) (exit, error) {
	_, err := s.BackupTo(c.ctx, c.stdout, kv.Progress(p.share))
	if err == nil {
		err = c.stdout.Flush()
	}
	if errors.Is(err, syscall.EPIPE) {
		err = errors.New("backup: the reader of the stream went away before its end")
	}
	if err != nil || !c.json {
		return failed(err), err
	}
	u := s.Stats()
	return exitOK, json.NewEncoder(c.stderr).Encode(copied{u.Keys, u.DiskBytes})
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
