package bench

import (
	"os"
	"runtime"
	"slices"
	"testing"
	"time"
)

// rounds is how often the engine and the map are measured in turn.
const rounds = 5

// BenchmarkRatio is where quoted figures come from. The engine and the map
// take turns within one process, so that a machine which is fast or slow
// for a minute is so for both, and the median of the ratios of neighbours
// is reported. A turn is as many operations as there are keys.
func BenchmarkRatio(b *testing.B) {
	for _, c := range []struct {
		name       string
		fixture    func(*testing.B) (*fixture, *data)
		goroutines int
		work       work
	}{
		{"Get", reading, 1, get},
		{"Get/goroutines=8", reading, 8, get},
		{"AppendGet", reading, 1, appendGet},
		{"GetMiss", reading, 1, getMiss},
		{"SetOverwrite", writing, 1, overwrite},
		{"Mixed/writes=50%/goroutines=8", writing, 8, mixed(2)},
		{"Mixed/writes=5%/goroutines=8", writing, 8, mixed(20)},
		{"Incr", writing, 1, incr},
	} {
		b.Run(c.name, func(b *testing.B) {
			f, d := c.fixture(b)
			turn := func(s subject) (time.Duration, error) {
				start := time.Now()
				err := spread(c.work, s, d, c.goroutines, len(d.probe))
				return time.Since(start), err
			}
			compare(b, len(d.probe),
				func() (time.Duration, error) { return turn(f.kv) },
				func() (time.Duration, error) { return turn(f.hash) })
		})
	}
	b.Run("SetFresh", func(b *testing.B) {
		d := shared.data()
		compare(b, len(d.load),
			func() (time.Duration, error) { return fillStore(d) },
			func() (time.Duration, error) { return timeFill(newLockedMap(), d) })
	})
}

// compare lets both take their turns of n operations and reports. It does
// so once however large b.N is: the turns are the repetition.
func compare(b *testing.B, n int, kvTurn, mapTurn func() (time.Duration, error)) {
	b.Helper()
	var kvTimes, mapTimes, ratios []float64
	take := func(turn func() (time.Duration, error)) float64 {
		runtime.GC() // nobody pays for what the other left
		t, err := turn()
		if err != nil {
			b.Fatal(err)
		}
		return float64(t.Nanoseconds()) / float64(n)
	}
	for range rounds {
		k, m := take(kvTurn), take(mapTurn)
		kvTimes, mapTimes, ratios = append(kvTimes, k), append(mapTimes, m), append(ratios, k/m)
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(median(kvTimes), "kv-ns/op")
	b.ReportMetric(median(mapTimes), "map-ns/op")
	b.ReportMetric(median(ratios), "ratio")
}

// fillStore times the filling of an empty store, not its opening and
// closing.
func fillStore(d *data) (time.Duration, error) {
	dir, err := os.MkdirTemp(shared.dir, "fresh")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	s, err := openNever(dir)
	if err != nil {
		return 0, err
	}
	t, err := timeFill(s, d)
	if err != nil {
		s.Close()
		return 0, err
	}
	return t, s.Close()
}

func timeFill(s subject, d *data) (time.Duration, error) {
	start := time.Now()
	for _, key := range d.load {
		if err := s.Set(key, d.value, 0); err != nil {
			return 0, err
		}
	}
	return time.Since(start), nil
}

// median returns the middle of an odd number of figures.
func median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	return v[len(v)/2]
}
