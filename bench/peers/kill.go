package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"
)

// writerEnv names the directory of a store that a process is to write to
// until it is killed.
const writerEnv = "PEERS_WRITER"

// killed has another process put keys without a sync, kills it, and counts
// the writes that it had acknowledged and that are not in the store.
func killed(s *subject, t task) (metrics, error) {
	if s.kind.name == hashmap {
		return nil, errUnsupported
	}
	dir := s.newDir()
	defer os.RemoveAll(dir)
	acked, err := writeAndKill(s, dir, t.Time)
	if err != nil {
		return nil, err
	}
	e, err := s.kind.open(dir)
	if err != nil {
		return nil, fmt.Errorf("open after a kill: %w", err)
	}
	lost := 0
	for i := range acked {
		key := s.keys.load.at(i)
		v, err := e.get(key)
		if err != nil && err != errAbsent {
			return nil, err
		}
		if !bytes.Equal(v, s.keys.value(key, 0)) {
			lost++
		}
	}
	return metrics{"lost": float64(lost), "acknowledged": float64(acked)}, e.close()
}

// writeAndKill returns how many writes were acknowledged in so long a time.
func writeAndKill(s *subject, dir string, t time.Duration) (acked int, err error) {
	self, err := os.Executable()
	if err != nil {
		return 0, err
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), childEnv+"="+s.kind.name, keysEnv+"="+strconv.Itoa(s.keys.load.len()), writerEnv+"="+dir)
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return 0, err
	}
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	var first [1]byte
	if _, err := io.ReadFull(out, first[:]); err != nil {
		return 0, fmt.Errorf("no write was acknowledged: %w, %w", err, cmd.Wait())
	}
	time.AfterFunc(t, func() { cmd.Process.Kill() })
	rest, err := io.Copy(io.Discard, out)
	cmd.Wait() // which says that it was killed
	return int(rest) + 1, err
}

// writeUntilKilled puts one key after the other and writes a byte for each
// that is acknowledged.
func writeUntilKilled(kind kind, k *keys, dir string, out io.Writer) (code int) {
	e, err := kind.open(dir)
	if err == nil {
		err = e.configure(mode{writers: 1})
	}
	for i := 0; err == nil && i < k.load.len(); i++ {
		key := k.load.at(i)
		if err = e.set(key, k.value(key, 0)); err == nil {
			_, err = out.Write([]byte{1})
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "peers: writer:", err)
		return 1
	}
	time.Sleep(tooLong) // the kill comes before
	return 0
}
