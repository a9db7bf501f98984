package main

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"

	"github.com/spcent/plumego/store/cache"
)

// childEnv names, to a process that is to be killed, its directory and how
// many requests it has to make.
const (
	childEnv    = "CACHES_CHILD_DIR"
	requestsEnv = "CACHES_CHILD_REQUESTS"
	warmValue   = 256 // bytes
)

func warmConfig() cache.PersistentConfig { return cache.PersistentConfig{MaxBytes: 16 << 20} }

// warm has a process play a Zipf trace on a PersistentCache, kills it, opens
// the directory and goes on with the trace. It prints the hit ratio of the last
// requests before the kill and of the first behind it.
func warm(w io.Writer, c config) error {
	dir, err := os.MkdirTemp("", "caches")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	before, err := killOne(dir, c.requests)
	if err != nil {
		return err
	}
	start := time.Now()
	p, err := cache.NewPersistentCache(dir, warmConfig())
	if err != nil {
		return err
	}
	defer p.Close()
	opening := time.Since(start)
	entries := p.Stats().Entries
	after, err := playWarm(p, zipf(3*c.requests, 3)[2*c.requests:])
	if err != nil {
		return err
	}
	table(w, [][]string{
		{"requests", "before SIGKILL", "after opening", "of before", "entries found", "opening"},
		{fmt.Sprint(c.requests), fmt.Sprintf("%.2f %%", 100*before), fmt.Sprintf("%.2f %%", 100*after),
			fmt.Sprintf("%.1f %%", 100*after/before), fmt.Sprint(entries), opening.Round(time.Millisecond).String()},
	})
	return nil
}

// killOne starts a child, hears how well it went, and kills it.
func killOne(dir string, requests int) (ratio float64, err error) {
	self, err := os.Executable()
	if err != nil {
		return 0, err
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), childEnv+"="+dir, fmt.Sprint(requestsEnv, "=", requests))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return 0, err
	}
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err == nil {
		_, err = fmt.Sscanf(line, "ratio %f", &ratio)
	}
	err = errors.Join(err, cmd.Process.Kill())
	_ = cmd.Wait()
	return ratio, err
}

// child is the process that is killed.
func child(dir string) int {
	var requests int
	_, err := fmt.Sscan(os.Getenv(requestsEnv), &requests)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	p, err := cache.NewPersistentCache(dir, warmConfig())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	keys := zipf(2*requests, 3)
	if _, err = playWarm(p, keys[:requests]); err == nil {
		var ratio float64
		if ratio, err = playWarm(p, keys[requests:]); err == nil {
			fmt.Printf("ratio %.6f\n", ratio)
			select {}
		}
	}
	fmt.Fprintln(os.Stderr, err)
	return 1
}

// playWarm plays a trace, checks each value, and returns the hit ratio.
func playWarm(p *cache.PersistentCache, keys []uint64) (float64, error) {
	hits := 0
	value := make([]byte, warmValue)
	for _, k := range keys {
		binary.BigEndian.PutUint64(value, k)
		key := fmt.Sprint("key:", k)
		got, err := p.Get(background(), key)
		switch {
		case err == nil && binary.BigEndian.Uint64(got) != k:
			return 0, errors.New("a wrong value")
		case err == nil:
			hits++
		case !errors.Is(err, cache.ErrNotFound):
			return 0, err
		default:
			if err := p.Set(background(), key, value, 0); err != nil {
				return 0, err
			}
		}
	}
	return float64(hits) / float64(len(keys)), nil
}
