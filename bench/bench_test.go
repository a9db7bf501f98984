package bench

import (
	"path/filepath"
	"slices"
	"testing"
)

// TestTheWorkIsDone runs every kind of work on few keys, so that a figure
// is never the speed of doing something else.
func TestTheWorkIsDone(t *testing.T) {
	d := newData(1000)
	s, err := openNever(filepath.Join(t.TempDir(), "store"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for name, s := range map[string]subject{"kv": s, "map": newLockedMap()} {
		if err := load(s, d); err != nil {
			t.Fatalf("%s: load: %v", name, err)
		}
		for _, goroutines := range []int{1, 7} {
			for _, w := range []work{get, appendGet, getMiss, overwrite, incr, mixed(2), mixed(20)} {
				if err := spread(w, s, d, goroutines, 2500); err != nil {
					t.Errorf("%s, %d goroutines: %v", name, goroutines, err)
				}
			}
		}
		sum := int64(0)
		for _, c := range d.counter {
			n, err := s.Incr(c, 0, 0)
			if err != nil {
				t.Fatalf("%s: incr: %v", name, err)
			}
			sum += n
		}
		if sum != 2*2500 {
			t.Errorf("%s: counters add up to %d, want %d", name, sum, 2*2500)
		}
	}
}

func TestDataIsWhatItSays(t *testing.T) {
	d := newData(1000)
	for name, keys := range map[string][]string{"load": d.load, "probe": d.probe, "absent": d.absent} {
		if len(keys) != 1000 || len(keys[0]) != keySize {
			t.Errorf("%s: %d keys of %d bytes, want 1000 of %d", name, len(keys), len(keys[0]), keySize)
		}
	}
	if !slices.Equal(slices.Sorted(slices.Values(d.load)), slices.Sorted(slices.Values(d.probe))) {
		t.Error("load and probe hold different keys")
	}
	if slices.Contains(d.load, d.absent[0]) {
		t.Error("an absent key is loaded")
	}
}

func TestMedian(t *testing.T) {
	if got := median([]float64{9, 1, 5, 7, 3}); got != 5 {
		t.Errorf("median = %v, want 5", got)
	}
}
