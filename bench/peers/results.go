package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"
)

// results is what a run has found, and where.
type results struct {
	Date     string            `json:"date"`
	Machine  string            `json:"machine"`
	Go       string            `json:"go"`
	Versions map[string]string `json:"versions"`
	Keys     int               `json:"keys"`
	Runs     int               `json:"runs"`
	Time     string            `json:"time"` // of one measurement
	Growth   []int             `json:"growth"`
	Rows     []outcome         `json:"rows"`
}

// outcome is one metric of one engine in one row.
type outcome struct {
	Row    string    `json:"row"`
	Engine string    `json:"engine"`
	Metric string    `json:"metric"`
	Date   string    `json:"date"` // rows may be measured anew, alone
	Median float64   `json:"median"`
	Spread float64   `json:"spread"` // greatest less least, in parts of the median
	Runs   []float64 `json:"runs"`
}

func newResults(c config) *results {
	return &results{
		Date:     now(),
		Machine:  machineText(),
		Go:       runtime.Version(),
		Versions: versions(),
		Keys:     c.keys,
		Runs:     c.runs,
		Time:     c.time.String(),
		Growth:   c.growth,
	}
}

func now() string { return time.Now().UTC().Format("2006-01-02 15:04 MST") }

// versions tells the versions of the engines, as the program was built.
func versions() map[string]string {
	out := map[string]string{}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return out
	}
	for _, k := range kinds() {
		for _, m := range info.Deps {
			if m.Path == k.module {
				out[k.name] = m.Version
			}
		}
	}
	return out
}

// machineText says what the program runs on.
func machineText() string {
	model := "unknown processor"
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for l := range strings.Lines(string(text)) {
			if name, v, ok := strings.Cut(l, ":"); ok && strings.TrimSpace(name) == "model name" {
				model = strings.TrimSpace(v)
				break
			}
		}
	}
	memory := ""
	if text, err := os.ReadFile("/proc/meminfo"); err == nil {
		var kib int64
		if _, err := fmt.Sscanf(string(text), "MemTotal: %d kB", &kib); err == nil {
			memory = fmt.Sprintf(", %d GiB", (kib+1<<19)>>20)
		}
	}
	kernel := ""
	if text, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		kernel = ", Linux " + strings.TrimSpace(string(text))
	}
	return fmt.Sprintf("%d x %s%s%s", runtime.NumCPU(), model, memory, kernel)
}

// put replaces what is known of an engine in a row.
func (res *results) put(row, engine string, runs []metrics) {
	res.Rows = slices.DeleteFunc(res.Rows, func(o outcome) bool { return o.Row == row && o.Engine == engine })
	byMetric := map[string][]float64{}
	for _, m := range runs {
		for name, v := range m {
			byMetric[name] = append(byMetric[name], v)
		}
	}
	for _, name := range sortedKeys(byMetric) {
		v := byMetric[name]
		m := median(v)
		o := outcome{Row: row, Engine: engine, Metric: name, Date: now(), Median: m, Runs: v}
		if m != 0 {
			o.Spread = (slices.Max(v) - slices.Min(v)) / m
		}
		res.Rows = append(res.Rows, o)
	}
}

func sortedKeys[V any](m map[string]V) []string {
	var names []string
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// median returns the middle, or the mean of the middle two.
func median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}

func (res *results) find(row, engine, metric string) (outcome, bool) {
	for _, o := range res.Rows {
		if o.Row == row && o.Engine == engine && o.Metric == metric {
			return o, true
		}
	}
	return outcome{}, false
}

func (res *results) median(row, engine, metric string) (float64, bool) {
	o, ok := res.find(row, engine, metric)
	return o.Median, ok
}

func (res *results) measured(row string) bool {
	return slices.ContainsFunc(res.Rows, func(o outcome) bool { return o.Row == row })
}

func readResults(name string) (*results, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var res results
	if err := json.Unmarshal(text, &res); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return &res, nil
}

// write replaces a file of results; "" writes none.
func (res *results) write(name string) error {
	if name == "" {
		return nil
	}
	text, err := json.MarshalIndent(res, "", "\t")
	if err != nil {
		return err
	}
	return replaceFile(name, append(text, '\n'))
}

// replaceFile keeps the old file if it cannot write the new one.
func replaceFile(name string, text []byte) error {
	temp := filepath.Join(filepath.Dir(name), "."+filepath.Base(name)+".new")
	if err := os.WriteFile(temp, text, 0o644); err != nil {
		return err
	}
	return os.Rename(temp, name)
}
