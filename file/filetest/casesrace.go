package filetest

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/spcent/plumego/store/file"
)

func oneWins(f *files) {
	for round := range 10 {
		var wins atomic.Int64
		var wg sync.WaitGroup
		name := string(rune('a' + round))
		for g := range 8 {
			wg.Go(func() {
				b := body(200*g, uint64(g))
				switch _, err := f.tryPut(name, b, file.PutOptions{If: file.IfNoneMatch("*")}); {
				case err == nil:
					wins.Add(1)
				case !errors.Is(err, file.ErrExists):
					f.Errorf("Put: %v", err)
				}
			})
		}
		wg.Wait()
		if wins.Load() != 1 {
			f.Fatalf("%d have won", wins.Load())
		}
	}
}

func noChangeIsLost(f *files) {
	const goroutines, each = 4, 10
	encode := func(n uint64) []byte { // of two chunks at least, if they are small
		return append(binary.BigEndian.AppendUint64(nil, n), make([]byte, 2000)...)
	}
	f.put("n", encode(0))
	var wg sync.WaitGroup
	for range goroutines {
		wg.Go(func() {
			for done := 0; done < each; {
				h, err := f.Get(f.Context(), "n")
				if err != nil {
					f.Errorf("Get: %v", err)
					return
				}
				b, err := io.ReadAll(h)
				h.Close()
				if err != nil {
					f.Errorf("Read: %v", err)
					return
				}
				next := encode(binary.BigEndian.Uint64(b) + 1)
				switch _, err := f.tryPut("n", next, file.PutOptions{If: file.IfMatch(h.Stat().ETag)}); {
				case err == nil:
					done++
				case !errors.Is(err, file.ErrPreconditionFailed):
					f.Errorf("Put: %v", err)
					return
				}
			}
		})
	}
	wg.Wait()
	f.want("n", encode(goroutines*each))
}

// neverAMix has readers read a file whole and in parts, while others put
// bodies of one repeated byte each.
func neverAMix(f *files) {
	const readers, replacers = 8, 4
	puts := 30
	if testing.Short() {
		puts = 10
	}
	sizes := []int{50, 700, 3000, 20_000}
	uniform := func(n int) []byte { return bytes.Repeat([]byte{byte(n)}, sizes[n%len(sizes)]) }
	f.put("f", uniform(1))
	var stop atomic.Bool
	var reading, writing sync.WaitGroup
	var reads atomic.Int64
	for range readers {
		reading.Go(func() {
			for !stop.Load() {
				f.readUniform("f")
				reads.Add(1)
			}
		})
	}
	for w := range replacers {
		writing.Go(func() {
			for i := range puts {
				if i%10 == 9 {
					f.put("g", uniform(w+i))
					_, _ = f.Move(f.Context(), "g", "f") // of several that move g one will
					continue
				}
				f.put("f", uniform(w+i))
			}
		})
	}
	writing.Wait()
	stop.Store(true)
	reading.Wait()
	f.Logf("%d reads beside %d puts", reads.Load(), replacers*puts)
}

// readUniform reads a file and expects the same byte all over.
func (f *files) readUniform(name string) {
	h, err := f.Get(f.Context(), name)
	if err != nil {
		f.Errorf("Get: %v", err)
		return
	}
	defer h.Close()
	b, err := io.ReadAll(h)
	if err != nil {
		f.Errorf("Read: %v", err)
		return
	}
	if int64(len(b)) != h.Stat().Size || etag(b) != h.Stat().ETag || bytes.Count(b, b[:1]) != len(b) {
		f.Errorf("a mixed body: %d bytes, %d of them %d", len(b), bytes.Count(b, b[:1]), b[0])
	}
}

// wantBody reads an open file to its end.
func (f *files) wantBody(h file.File, b []byte) {
	f.Helper()
	if got, err := io.ReadAll(h); err != nil || !bytes.Equal(got, b) {
		f.Fatalf("read %d bytes, %v; want %d", len(got), err, len(b))
	}
}
