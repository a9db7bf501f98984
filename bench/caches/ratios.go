package main

import (
	"encoding/binary"
	"fmt"
	"io"
)

// ratios prints hit ratios in percent: bounded by entries, and by bytes with
// sizes drawn from a fixed distribution. Every miss is followed by a set.
func ratios(w io.Writer, c config) error {
	all, err := traces(w, c)
	if err != nil {
		return err
	}
	fmt.Fprintln(w, "hit ratio, %, by entries; ristretto is waited for after each set")
	if err := ratioTable(w, c.kinds(), all, true, func(t trace) (out []bounds) {
		for _, n := range t.entries {
			out = append(out, bounds{entries: n})
		}
		return out
	}); err != nil {
		return err
	}
	fmt.Fprintln(w, "\nhit ratio, %, by bytes; values of 0.5, 1, 2, 4, 8 or 16 KiB by the hash of their key.")
	fmt.Fprintln(w, "store/cache counts all its memory; otter, ristretto, theine and LRU are charged for keys and values only")
	return ratioTable(w, c.kinds(), all, false, func(t trace) (out []bounds) {
		total := 0
		seen := map[uint64]bool{}
		for _, k := range t.keys {
			if !seen[k] {
				seen[k] = true
				total += sizeOf(k)
			}
		}
		for _, mib := range []int{32, 64} { // fastcache has at least 32
			if b := mib << 20; total > b {
				out = append(out, bounds{bytes: b})
			}
		}
		return out
	})
}

func ratioTable(w io.Writer, kinds []kind, all []trace, byEntries bool, sizes func(trace) []bounds) error {
	rows := [][]string{{"trace", "capacity"}}
	for _, k := range kinds {
		if k.entries || !byEntries {
			rows[0] = append(rows[0], k.name)
		}
	}
	for _, t := range all {
		for _, b := range sizes(t) {
			row := []string{t.name, fmt.Sprint(b.entries)}
			if !byEntries {
				row[1] = fmt.Sprintf("%d MiB", b.bytes>>20)
			}
			for _, k := range kinds {
				if byEntries && !k.entries {
					continue
				}
				s, err := k.open(b)
				if err != nil {
					return fmt.Errorf("%s: %w", k.name, err)
				}
				row = append(row, fmt.Sprintf("%.2f", readThrough(s, t.keys, byEntries)))
				s.close()
			}
			rows = append(rows, row)
		}
	}
	table(w, rows)
	return nil
}

// readThrough plays a trace and returns the hit ratio in percent.
func readThrough(s subject, keys []uint64, byEntries bool) float64 {
	hits := 0
	var key [8]byte
	var dst []byte
	value := make([]byte, 16<<10)
	settler, _ := s.(interface{ settle() })
	for _, k := range keys {
		binary.BigEndian.PutUint64(key[:], k)
		var ok bool
		if dst, ok = s.get(dst[:0], string(key[:])); ok {
			hits++
			continue
		}
		size := 8
		if !byEntries {
			size = sizeOf(k)
		}
		s.set(string(key[:]), value[:size])
		if settler != nil {
			settler.settle()
		}
	}
	return 100 * float64(hits) / float64(len(keys))
}

// sizeOf returns the size of a key's value.
func sizeOf(key uint64) int {
	return 512 << (key * 0x9e3779b97f4a7c15 >> 32 % 6)
}
