package main

import (
	"slices"
	"testing"
	"time"
)

// measuredAs makes results of one row from the rates of engines.
func measuredAs(name, metric string, values map[string]float64) *results {
	res := &results{}
	for engine, v := range values {
		res.put(name, engine, []metrics{{metric: v}})
	}
	return res
}

func TestTargets(t *testing.T) {
	values := map[string]float64{ours: 200, "bbolt": 100, "pebble": 120, hashmap: 400}
	more := line{metric: rate}
	less := line{metric: rate, lower: true}
	for _, c := range []struct {
		name   string
		line   line
		target target
		met    bool
		got    float64
	}{
		{"1.8 times the best peer is missed", more, ofPeers(1.8), false, 200.0 / 120},
		{"1.6 times the best peer is met", more, ofPeers(1.6), true, 200.0 / 120},
		{"twice a named engine is met", more, ofNamed(2, "bbolt", "sqlite"), true, 2},
		{"half of the limit is met", more, ofLimit(0.5), true, 0.5},
		{"above a bound", more, atMost(199), false, 200},
		{"at a bound", more, atMost(200), true, 200},
		{"less is better, and it is more than the least", less, ofPeers(1), false, 2},
	} {
		res := measuredAs("r", rate, values)
		v := judge(res, row{name: "r", limit: hashmap}, c.line, c.target)
		if !v.known || v.met != c.met || v.got != c.got {
			t.Errorf("%s: met %v with %v, want %v with %v", c.name, v.met, v.got, c.met, c.got)
		}
	}
}

func TestNothingIsMetWithoutAMeasurement(t *testing.T) {
	for name, values := range map[string]map[string]float64{
		"no peer":       {ours: 5},
		"not ourselves": {"bbolt": 5},
	} {
		v := judge(measuredAs("r", rate, values), row{name: "r"}, line{metric: rate}, ofPeers(1))
		if v.known || v.met {
			t.Errorf("%s: known %v, met %v", name, v.known, v.met)
		}
	}
}

func TestGrowthIsJudgedByTheSmallestStore(t *testing.T) {
	res := &results{Growth: []int{10, 1000}}
	res.put("growth-10", ours, []metrics{{rate: 300}})
	res.put("growth-1000", ours, []metrics{{rate: 99}})
	r, _ := rowNamed("growth-1000", res.Growth)
	if v := judge(res, r, r.lines[0], r.lines[0].targets[0]); !v.known || v.met {
		t.Errorf("more than three times slower: known %v, met %v", v.known, v.met)
	}
}

func TestMedianAndSpread(t *testing.T) {
	res := &results{}
	res.put("r", ours, []metrics{{rate: 9}, {rate: 4}, {rate: 6}})
	if o, _ := res.find("r", ours, rate); o.Median != 6 || o.Spread != 5.0/6 {
		t.Errorf("median %v, spread %v, want 6 and 5/6", o.Median, o.Spread)
	}
	if m := median([]float64{4, 1, 3, 2}); m != 2.5 {
		t.Errorf("median of four = %v, want 2.5", m)
	}
}

func TestQuantilesAreCloseToThoseOfASort(t *testing.T) {
	var h hist
	var all []time.Duration
	for i := range 100_000 {
		d := time.Duration(i*i%7_654_321 + i)
		h.add(d)
		all = append(all, d)
	}
	slices.Sort(all)
	for _, share := range []float64{0, 0.5, 0.99, 0.999} {
		got, want := h.quantile(share), all[int(share*float64(len(all)))]
		if got < want || float64(got) > float64(want)*1.07+1 {
			t.Errorf("quantile %v = %d, want %d or up to a sixteenth more", share, got, want)
		}
	}
}

func TestFigures(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 0.5: "0.50", 12.34: "12.3", 123.4: "123", 9999: "9999", 12345: "12.3k", 1234567: "1.23M", 12345678: "12.3M"} {
		if got := figure(v); got != want {
			t.Errorf("figure(%v) = %q, want %q", v, got, want)
		}
	}
}
