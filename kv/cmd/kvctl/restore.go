package main

import (
	"fmt"
	"io"

	"github.com/spcent/plumego/store/kv"
)

func restoreCommand() command {
	return command{
		name:     "restore",
		operands: "FILE DST",
		summary:  "make a store of what backup has written",
		details: `Restore makes a store in the directory DST, which must be empty or missing, of
the output of backup; - is standard input, and gzip is unpacked. A file that
was cut or changed anywhere is refused, and leaves nothing in DST. The store is
on stable storage, and was read back and checked, when restore exits with 0.`,
		example: "kvctl restore state.backup /var/lib/app/state",
		flags:   plain(restore),
	}
}

func restore(c *call) (exit, error) {
	file, dst := c.operands[0], c.operands[1]
	code, err := c.withInput(file, func(in io.Reader) (exit, error) {
		p := c.newProgress("bytes")
		defer p.done()
		err := kv.Restore(c.ctx, in, dst, kv.Progress(p.share))
		return failed(err), err
	})
	if err != nil {
		return code, err
	}
	s, err := c.open(kv.Options{DataDir: dst, ReadOnly: true})
	if err != nil {
		return exitError, err
	}
	code, err = c.printCopied(s, "restored and checked")
	if closeErr := s.Close(); err == nil && closeErr != nil {
		return exitError, fmt.Errorf("close %s: %w", dst, closeErr)
	}
	return code, err
}
