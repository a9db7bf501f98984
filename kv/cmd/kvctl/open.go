package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/spcent/plumego/store/kv"
)

// mode says what a command wants of the store.
type mode int

const (
	toRead  mode = iota // must exist, may be open elsewhere; nothing is created
	toWrite             // created if missing; each write is on stable storage
	toLoad              // as toWrite, but only Sync and Close make it stable
)

// withStore opens the store that the first operand names, lets use work
// with it, and closes it.
func (c *call) withStore(m mode, use func(*kv.KVStore) (exit, error)) (code exit, err error) {
	opts := kv.Options{DataDir: c.operands[0]}
	switch m {
	case toRead:
		opts.ReadOnly = true
	case toLoad:
		opts.Sync = kv.SyncNever
	}
	s, err := c.open(opts)
	if err != nil {
		return exitError, err
	}
	defer func() {
		if closeErr := s.Close(); err == nil && closeErr != nil {
			code, err = exitError, closeErr
		}
	}()
	return use(s)
}

// open opens a store, says in plain words what stands in the way, and
// reports what recovery had to leave out.
func (c *call) open(opts kv.Options) (*kv.KVStore, error) {
	if err := checkDir(opts); err != nil {
		return nil, err
	}
	s, err := kv.NewKVStore(opts)
	if errors.Is(err, kv.ErrLocked) {
		return nil, fmt.Errorf("%s is in use by another process (locked)", opts.DataDir)
	}
	if errors.Is(err, kv.ErrCorrupt) {
		return nil, err // It names the file.
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %s", opts.DataDir, strings.TrimPrefix(err.Error(), "kv: "))
	}
	if r := s.Stats().Recovery; r.TornFile != "" {
		fmt.Fprintf(c.stderr, "kvctl: note: %s ends in an unfinished write: %d bytes at offset %d left out\n",
			r.TornFile, r.TornBytes, r.TornOffset)
	}
	return s, nil
}

// checkDir refuses a directory that is a file, or is missing and may not be
// created. The store would refuse it too, in the words of the system.
func checkDir(opts kv.Options) error {
	if opts.DataDir == "" {
		return errors.New("DIR is empty")
	}
	info, err := os.Stat(opts.DataDir)
	switch {
	case errors.Is(err, fs.ErrNotExist) && opts.ReadOnly:
		return fmt.Errorf("%s does not exist", opts.DataDir)
	case err == nil && !info.IsDir():
		return fmt.Errorf("%s is not a directory", opts.DataDir)
	}
	return nil
}
