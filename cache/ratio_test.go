package cache

import "testing"

// TestHitRatios plays traces beside an LRU cache of as many entries. On none
// may the cache be more than a point below it; on some it must be well above.
// The hash is another each time, which moves some figures by a point or two.
func TestHitRatios(t *testing.T) {
	if raceEnabled {
		t.Skip("ratios are the same, and late, under the race detector")
	}
	for _, c := range []struct {
		trace   string
		entries []int
		above   float64 // points over LRU, at least
	}{
		{"zipf", []int{2000}, 6},
		{"gli.gz", []int{250, 500, 750, 1250, 1500, 1750}, 2},
		{"gli.gz", []int{1000}, 15},
		{"gli.gz", []int{2000}, -1},
		{"loop.gz", []int{256, 512, 768}, 8},
		{"loop.gz", []int{1024}, -1},
		{"trace_vaultservice.gz", []int{256, 512, 1024, 2048}, -1},
		{"vault and loop", []int{256}, 4},
		{"vault and loop", []int{512}, 8},
		{"vault and loop", []int{1024, 2048}, -1},
		{"oltp.gz", []int{500}, 9},
		{"oltp.gz", []int{1000}, 8},
	} {
		t.Run(c.trace, func(t *testing.T) {
			keys := ratioTrace(t, c.trace)
			for _, entries := range c.entries {
				got := readThrough(t, newCache(t, forEntries(entries)), keys)
				beside := newLRU(entries).readThrough(keys)
				t.Logf("%d entries: %.2f %%, LRU %.2f %%", entries, got, beside)
				if got < beside+c.above {
					t.Errorf("%d entries: %.2f %% is %.2f points above LRU, want %.2f", entries, got, got-beside, c.above)
				}
			}
		})
	}
}

func ratioTrace(t *testing.T, name string) []uint64 {
	switch name {
	case "zipf":
		return zipf(200_000, 1)
	case "vault and loop":
		return append(readTrace(t, "trace_vaultservice.gz"), readTrace(t, "loop.gz")...)
	}
	keys := readTrace(t, name)
	return keys[:min(len(keys), 200_000)]
}

// forEntries is a cache in one part that the number of entries bounds.
func forEntries(n int) Config {
	return Config{MaxBytes: 64 << 20, MaxEntries: int64(n), MaxValueBytes: 15 << 20}
}

// readThrough plays a trace and returns the hit ratio in percent.
func (l *lru) readThrough(keys []uint64) float64 {
	hits := 0
	for _, key := range keys {
		if l.access(key) {
			hits++
		}
	}
	return 100 * float64(hits) / float64(len(keys))
}
