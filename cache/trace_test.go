package cache

import (
	"bufio"
	"compress/gzip"
	"container/list"
	"encoding/binary"
	"errors"
	"io"
	"math/rand"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// traces is where recorded accesses lie; they are no part of the repository.
const traces = "../../shared/data/traces"

// readTrace returns the keys of a trace in their order.
func readTrace(t testing.TB, name string) []uint64 {
	t.Helper()
	f, err := os.Open(filepath.Join(traces, name))
	if errors.Is(err, os.ErrNotExist) {
		t.Skipf("the traces are not in %s", traces)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	read := readLines
	switch name {
	case "oltp.gz":
		read = readRanges
	case "trace_vaultservice.gz":
		read = readWords
	}
	keys, err := read(bufio.NewReader(r))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return keys
}

// readRanges reads lines of the ARC form: first key, number of keys.
func readRanges(r *bufio.Reader) (keys []uint64, err error) {
	for lines := bufio.NewScanner(r); lines.Scan(); {
		first, rest, _ := strings.Cut(lines.Text(), " ")
		count, _, _ := strings.Cut(rest, " ")
		key, err := strconv.ParseUint(first, 10, 64)
		n, err2 := strconv.ParseUint(count, 10, 64)
		if err := errors.Join(err, err2); err != nil {
			return nil, err
		}
		for i := range n {
			keys = append(keys, key+i)
		}
	}
	return keys, nil
}

// readLines reads a key from each line.
func readLines(r *bufio.Reader) (keys []uint64, err error) {
	for lines := bufio.NewScanner(r); lines.Scan(); {
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
	return keys, nil
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

// lru is the cache that everybody knows, by entries.
type lru struct {
	most  int
	order *list.List
	at    map[uint64]*list.Element
}

func newLRU(most int) *lru { return &lru{most, list.New(), map[uint64]*list.Element{}} }

func (l *lru) access(key uint64) (hit bool) {
	if e := l.at[key]; e != nil {
		l.order.MoveToFront(e)
		return true
	}
	if l.order.Len() == l.most {
		delete(l.at, l.order.Remove(l.order.Back()).(uint64))
	}
	l.at[key] = l.order.PushFront(key)
	return false
}

// readThrough plays a trace on a cache, where every miss is followed by a Set,
// and returns the hit ratio in percent.
func readThrough(t testing.TB, c *MemoryCache, keys []uint64) float64 {
	t.Helper()
	before := c.Stats()
	var key [8]byte
	value := make([]byte, 64)
	var dst []byte
	for _, k := range keys {
		binary.BigEndian.PutUint64(key[:], k)
		if _, err := c.AppendGet(t.Context(), dst[:0], string(key[:])); err == nil {
			continue
		}
		if err := c.Set(t.Context(), string(key[:]), value, 0); err != nil {
			t.Fatal(err)
		}
	}
	after := c.Stats()
	return 100 * float64(after.Hits-before.Hits) / float64(len(keys))
}
