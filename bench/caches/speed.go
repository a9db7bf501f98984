package main

import (
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// mix is how many goroutines do what.
type mix struct {
	goroutines int
	reads      int // of a hundred operations
}

func mixes() []mix { return []mix{{1, 100}, {8, 100}, {1, 90}, {8, 90}} }

const (
	speedValue = 256 // bytes
	sequences  = 8   // as many as a mix has goroutines
)

// speed prints nanoseconds per operation, wall time divided by operations of
// all goroutines: values of 256 bytes, copied in and out, keys drawn evenly.
// The rules are the same for all:
//
//   - Each has as many bytes as it takes to find every key after all were set,
//     so that none is quick by having forgotten. Those that lose some when keys
//     are written again get them back before each measurement, and a read that
//     misses is followed by a write, as it is in use.
//   - Each goroutine finds its next key behind its last one: a server has it at
//     hand from the request. What remains of the harness is the row "empty".
//   - Subjects take turns, so that a slow moment of the machine meets all, and
//     what one leaves to the garbage collector is collected before the next.
func speed(w io.Writer, c config) error {
	keys := speedKeys(c.keys)
	names, subjects, given := []string{"empty"}, []subject{empty{}}, []int{0}
	pointers := []bool{false}
	for _, k := range c.kinds() {
		s, bytes, err := openFull(k, keys)
		if err != nil {
			return err
		}
		defer s.close()
		names, subjects, given = append(names, k.name), append(subjects, s), append(given, bytes)
		pointers = append(pointers, k.pointers)
	}
	figures := takeTurns(subjects, keys, c)
	rows := [][]string{{"ns per operation"}}
	for _, m := range mixes() {
		rows[0] = append(rows[0], fmt.Sprintf("%d/%d, %d goroutines", m.reads, 100-m.reads, m.goroutines))
	}
	rows[0] = append(rows[0], "pointers", "bytes given per entry", "found at the end")
	for i, s := range subjects {
		row := []string{names[i]}
		for _, f := range figures[i] {
			slices.Sort(f)
			row = append(row, fmt.Sprintf("%.0f", f[len(f)/2]))
		}
		rows = append(rows, append(row, yes(pointers[i]), fmt.Sprint(given[i]/c.keys),
			fmt.Sprintf("%.1f %%", 100*float64(found(s, keys))/float64(c.keys))))
	}
	table(w, rows)
	return nil
}

// empty does nothing: what it costs, the harness costs.
type empty struct{}

func (empty) get(dst []byte, _ string) ([]byte, bool) { return dst, true }
func (empty) set(string, []byte)                      {}
func (empty) close()                                  {}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return ""
}

// keyList is keys of one length, one behind the other.
type keyList string

const speedKey = len("session:") + 32

func speedKeys(n int) keyList {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "session:%032x", i)
	}
	return keyList(b.String())
}

func (l keyList) len() int         { return len(l) / speedKey }
func (l keyList) key(i int) string { return string(l[i*speedKey:][:speedKey]) }

// shuffled returns sequences of the keys, each in another order.
func shuffled(keys keyList) (out [sequences]keyList) {
	for s := range out {
		var b strings.Builder
		for _, i := range rand.New(rand.NewPCG(uint64(s), 2)).Perm(keys.len()) {
			b.WriteString(keys.key(i))
		}
		out[s] = keyList(b.String())
	}
	return out
}

// openFull opens a subject with the least bytes, in steps of an eighth, in
// which it finds every key after all were set.
func openFull(k kind, keys keyList) (s subject, bytes int, err error) {
	least := keys.len() * (speedKey + speedValue)
	for bytes = least; bytes < 16*least; bytes += bytes / 8 {
		if s, err = k.open(bounds{bytes: bytes}); err != nil {
			return nil, 0, err
		}
		if fill(s, keys); found(s, keys) == keys.len() {
			return s, bytes, nil
		}
		s.close()
		s = nil
		runtime.GC()
	}
	return nil, 0, fmt.Errorf("%s does not find all keys in %d bytes", k.name, bytes)
}

// fill sets every key. It waits now and then for those that may drop a set
// when many are under way.
func fill(s subject, keys keyList) {
	value := make([]byte, speedValue)
	settler, _ := s.(interface{ settle() })
	for i := range keys.len() {
		s.set(keys.key(i), value)
		if settler != nil && i%1000 == 0 {
			settler.settle()
		}
	}
	if settler != nil {
		settler.settle()
	}
}

// found returns how many keys are there.
func found(s subject, keys keyList) (n int) {
	var dst []byte
	for i := range keys.len() {
		var ok bool
		if dst, ok = s.get(dst[:0], keys.key(i)); ok {
			n++
		}
	}
	return n
}

// takeTurns measures, and returns the figures by subject and mix.
func takeTurns(subjects []subject, keys keyList, c config) [][][]float64 {
	read := shuffled(keys)
	figures := make([][][]float64, len(subjects))
	for i := range figures {
		figures[i] = make([][]float64, len(mixes()))
	}
	for range c.turns {
		for m, mix := range mixes() {
			for i, s := range subjects {
				if found(s, keys) < keys.len() {
					fill(s, keys)
				}
				runtime.GC()
				figures[i][m] = append(figures[i][m], turn(s, read, mix, c.turn))
			}
		}
	}
	return figures
}

// turn measures once, and returns nanoseconds per operation.
func turn(s subject, keys [sequences]keyList, m mix, length time.Duration) float64 {
	var stop atomic.Bool
	var done atomic.Int64
	var group sync.WaitGroup
	start := time.Now()
	for g := range m.goroutines {
		group.Go(func() { done.Add(operate(s, keys[g], m.reads, uint64(g), &stop)) })
	}
	time.Sleep(length)
	stop.Store(true)
	group.Wait()
	return float64(time.Since(start)) / float64(done.Load())
}

// operate reads and writes the keys in their order, from a place that seed
// chooses, again and again until it is told to stop. It returns how many
// operations that were.
func operate(s subject, keys keyList, reads int, seed uint64, stop *atomic.Bool) (n int64) {
	rnd := rand.New(rand.NewPCG(seed, uint64(time.Now().UnixNano())))
	value, dst := make([]byte, speedValue), make([]byte, 0, 2*speedValue)
	for i := rnd.IntN(keys.len()); n&255 != 0 || !stop.Load(); n++ {
		key, found := keys.key(i), false
		if rnd.IntN(100) < reads {
			dst, found = s.get(dst[:0], key)
		}
		if !found {
			s.set(key, value)
		}
		if i++; i == keys.len() {
			i = 0
		}
	}
	return n
}
