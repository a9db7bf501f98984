package main

import (
	"bufio"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// trace is accesses in their order.
type trace struct {
	name    string
	keys    []uint64
	entries []int // capacities to try
}

// traces returns those that are there, and says which are not.
func traces(w io.Writer, c config) (all []trace, err error) {
	read := func(name, file string, parse func(*bufio.Reader) ([]uint64, error), entries ...int) []uint64 {
		keys, e := readTrace(filepath.Join(c.traces, file), parse)
		switch {
		case errors.Is(e, fs.ErrNotExist):
			fmt.Fprintf(w, "%s: there is no %s in %s\n", name, file, c.traces)
		case e != nil:
			err = errors.Join(err, fmt.Errorf("%s: %w", file, e))
		default:
			all = append(all, trace{name, keys, entries})
		}
		return keys
	}
	read("OLTP", "oltp.gz", readRanges, 500, 1000, 2000)
	read("GLI", "gli.gz", readLines, 500, 1000, 2000)
	loop := read("loop", "loop.gz", readLines, 256, 512, 1024)
	vault := read("vault", "trace_vaultservice.gz", readWords, 256, 1024)
	if loop != nil && vault != nil {
		all = append(all, trace{"vault+loop", append(vault[:len(vault):len(vault)], loop...), []int{512, 1024, 2048}})
	}
	return append(all, trace{"Zipf 1.01", zipf(c.accesses, 1), []int{5000, 20000}}), err
}

func readTrace(path string, parse func(*bufio.Reader) ([]uint64, error)) ([]uint64, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	return parse(bufio.NewReader(r))
}

// readRanges reads lines of the ARC form: first key, number of keys.
func readRanges(r *bufio.Reader) (keys []uint64, err error) {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		if len(words) < 2 {
			return nil, fmt.Errorf("line %q", lines.Text())
		}
		first, err := strconv.ParseUint(words[0], 10, 64)
		n, err2 := strconv.ParseUint(words[1], 10, 64)
		if err := errors.Join(err, err2); err != nil {
			return nil, err
		}
		for i := range n {
			keys = append(keys, first+i)
		}
	}
	return keys, lines.Err()
}

// readLines reads a key from each line.
func readLines(r *bufio.Reader) (keys []uint64, err error) {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		text := strings.TrimSpace(lines.Text())
		if text == "*" || text == "" {
			continue
		}
		key, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return keys, lines.Err()
}

// readWords reads big-endian keys of 8 bytes.
func readWords(r *bufio.Reader) (keys []uint64, err error) {
	var b [8]byte
	for {
		switch _, err := io.ReadFull(r, b[:]); {
		case err == io.EOF:
			return keys, nil
		case err != nil:
			return nil, err
		}
		keys = append(keys, binary.BigEndian.Uint64(b[:]))
	}
}

// zipf returns n accesses whose frequencies fall as 1/rank^1.01.
func zipf(n int, seed int64) (keys []uint64) {
	z := rand.NewZipf(rand.New(rand.NewSource(seed)), 1.01, 1, 1<<20)
	for range n {
		keys = append(keys, z.Uint64())
	}
	return keys
}
