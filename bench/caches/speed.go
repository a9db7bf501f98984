package main

import (
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// speed prints nanoseconds per operation, wall time divided by operations of
// all goroutines: values of 256 bytes, copied in and out, keys drawn evenly.
// Subjects take turns, so that a slow moment of the machine meets all.
func speed(w io.Writer, c config) error {
	type mix struct {
		goroutines, reads int
	}
	mixes := []mix{{1, 100}, {8, 100}, {1, 90}, {8, 90}}
	rows := [][]string{{"ns per operation"}}
	for _, m := range mixes {
		rows[0] = append(rows[0], fmt.Sprintf("%d/%d, %d goroutines", m.reads, 100-m.reads, m.goroutines))
	}
	rows[0] = append(rows[0], "pointers", "all found")
	keys := make([]string, c.keys)
	value := make([]byte, 256)
	for i := range keys {
		keys[i] = fmt.Sprintf("session:%032x", i)
	}
	var subjects []subject
	for _, k := range c.kinds() {
		b := bounds{bytes: max(64<<20, c.keys*600)}
		s, err := k.open(b)
		if err != nil {
			return err
		}
		defer s.close()
		for _, key := range keys {
			s.set(key, value)
		}
		if r, ok := s.(interface{ settle() }); ok {
			r.settle()
		}
		subjects = append(subjects, s)
	}
	figures := make([][][]float64, len(subjects))
	for i := range figures {
		figures[i] = make([][]float64, len(mixes))
	}
	for range c.turns {
		for m, mix := range mixes {
			for i, s := range subjects {
				figures[i][m] = append(figures[i][m], turn(s, keys, value, mix.goroutines, mix.reads, c.turn))
			}
		}
	}
	for i, k := range c.kinds() {
		row := []string{k.name}
		for m := range mixes {
			slices.Sort(figures[i][m])
			row = append(row, fmt.Sprintf("%.0f", figures[i][m][len(figures[i][m])/2]))
		}
		rows = append(rows, append(row, yes(k.pointers), found(subjects[i], keys)))
	}
	table(w, rows)
	return nil
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return ""
}

// found says how much of what was set is there.
func found(s subject, keys []string) string {
	n := 0
	for _, key := range keys {
		if _, ok := s.get(nil, key); ok {
			n++
		}
	}
	return fmt.Sprintf("%.1f %%", 100*float64(n)/float64(len(keys)))
}

// turn measures once, and returns nanoseconds per operation.
func turn(s subject, keys []string, value []byte, goroutines, reads int, length time.Duration) float64 {
	var stop atomic.Bool
	var done atomic.Int64
	var group sync.WaitGroup
	start := time.Now()
	for g := range goroutines {
		group.Go(func() {
			rnd := rand.New(rand.NewPCG(uint64(g), 1))
			dst := make([]byte, 0, 512)
			n := int64(0)
			for ; n&255 != 0 || !stop.Load(); n++ {
				key := keys[rnd.IntN(len(keys))]
				if rnd.IntN(100) < reads {
					dst, _ = s.get(dst[:0], key)
				} else {
					s.set(key, value)
				}
			}
			done.Add(n)
		})
	}
	time.Sleep(length)
	stop.Store(true)
	group.Wait()
	return float64(time.Since(start)) / float64(done.Load())
}
