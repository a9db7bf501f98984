package main

import (
	"fmt"
	"regexp"
)

// row is one workload.
type row struct {
	name    string
	title   string
	mode    mode
	measure measure // of an engine; nil for none
	machine measure // of the machine, what limits it; nil for none
	limit   string  // hashmap or machine: beside which the engine is set; "" for none
	empty   bool    // it needs no loaded store
	writes  bool    // earlier writes must be on the disk, or they disturb it
	once    bool    // one run is enough
	lines   []line
}

// line is one figure of a row: a line of the table.
type line struct {
	metric  string
	title   string // beside the row's; "" if it is the row's only one
	unit    string
	lower   bool // less is better
	targets []target
}

// rates are the lines of a row that has none but its rate.
func rates(targets ...target) []line {
	return []line{{metric: rate, unit: "/s", targets: targets}}
}

// rows returns every row, in the order in which they are measured: what
// reads a freshly loaded store before what changes it.
func rows(growth []int) []row {
	uniform := func(k *keys) list { return k.uniform }
	zipf := func(k *keys) list { return k.zipf }
	var all []row
	add := func(r row) { all = append(all, r) }

	for _, g := range []int{1, 8} {
		add(row{name: fmt.Sprintf("get-uniform-%d", g), title: "Get, uniform, " + goroutines(g),
			measure: gets(g, uniform), machine: mapCopies(g), limit: hashmap,
			lines: rates(ofPeers(1.8), ofLimit(1))})
	}
	for _, g := range []int{1, 8} {
		add(row{name: fmt.Sprintf("get-zipf-%d", g), title: "Get, Zipf 1.01, " + goroutines(g),
			measure: gets(g, zipf), limit: hashmap,
			lines: rates(ofPeers(1.8), ofLimit(1))})
	}
	for _, g := range []int{1, 8} {
		add(row{name: fmt.Sprintf("get-miss-%d", g), title: "Get, no such key, " + goroutines(g),
			measure: misses(g), limit: hashmap,
			lines: rates(ofPeers(4))})
	}
	add(row{name: "scan-100", title: "scan of 100 with values", measure: shortScans,
		lines: rates(ofNamed(1.2, "pebble", "buntdb", "badger", "sqlite"), ofNamed(0.8, "bbolt"))})
	add(row{name: "scan-values", title: "scan of all with values, keys", measure: fullScans(true), machine: mapStream, limit: machine,
		lines: rates(ofNamed(1.5, "pebble"))})
	add(row{name: "scan-keys", title: "scan of all keys alone", measure: fullScans(false),
		lines: rates(ofPeers(1.5))})
	add(row{name: "heap", title: "heap per key, its 40 bytes included", measure: weigh, once: true,
		lines: []line{{metric: "bytes", unit: "B", lower: true, targets: []target{atMost(64 + keySize)}}}})
	add(row{name: "open", title: "open, to the first Get", measure: reopen,
		lines: []line{{metric: "ms", unit: "ms", lower: true}}})

	for _, g := range []int{1, 8} {
		add(row{name: fmt.Sprintf("set-fresh-%d", g), title: "Set, fresh keys, " + goroutines(g), empty: true, writes: true,
			measure: fresh(g), machine: appends(g), limit: hashmap,
			lines: rates(ofPeers(1.8), ofLimit(0.8))})
	}
	for _, g := range []int{1, 8} {
		add(row{name: fmt.Sprintf("incr-%d", g), title: "Incr of 10,000 counters, " + goroutines(g), writes: true,
			mode: mode{writers: g}, measure: increments(g), limit: hashmap,
			lines: rates(ofPeers(4))})
	}
	add(mixed("mix-5", "5 % Set, 95 % Get", 0.05, line{metric: "gc", title: "GC share of CPU", unit: "%", lower: true, targets: []target{atMost(2)}}))
	add(mixed("mix-50", "50 % Set, 50 % Get", 0.5))
	add(row{name: "update-100", title: "Update of 100, keys", writes: true, mode: mode{writers: 1},
		measure: updates(100), limit: hashmap, lines: rates(ofPeers(1.8))})
	add(row{name: "durable-update-100", title: "durable Update of 100, keys", writes: true, mode: mode{durable: true, writers: 1},
		measure: updates(100), machine: syncs(100), limit: machine, lines: rates(ofPeers(1.3))})
	for _, d := range []struct {
		goroutines    int
		peers, fdsync float64
	}{{1, 1, 0.9}, {16, 1.2, 0.8}, {64, 1.5, 0.6}} {
		add(row{name: fmt.Sprintf("durable-set-%d", d.goroutines), title: "durable Set, " + goroutines(d.goroutines), writes: true,
			mode: mode{durable: true, writers: d.goroutines}, measure: overwrites(d.goroutines),
			machine: syncs(d.goroutines), limit: machine,
			lines: rates(ofPeers(d.peers), ofLimit(d.fdsync))})
	}
	add(row{name: "killed", title: "Set without sync, acknowledged and lost to SIGKILL", empty: true, once: true, measure: killed,
		lines: []line{{metric: "lost", unit: "keys", lower: true, targets: []target{atMost(0)}}}})
	add(row{name: "btree-insert", title: "google/btree, insert of fresh keys", empty: true, machine: treeInserts, lines: rates()})
	for i, n := range growth {
		r := row{name: fmt.Sprintf("growth-%d", n), title: fmt.Sprintf("Get, uniform, of %d keys", n),
			measure: gets(1, uniform), lines: rates()}
		if i > 0 && i == len(growth)-1 {
			r.lines = rates(ofRow(1.0/3, fmt.Sprintf("growth-%d", growth[0])))
		}
		add(r)
	}
	return all
}

// mixed is a row of reads and writes by eight goroutines.
func mixed(name, title string, writes float64, more ...line) row {
	const g = 8
	return row{name: name, title: title + ", " + goroutines(g), writes: true,
		mode: mode{writers: g}, measure: mix(g, writes), limit: hashmap,
		lines: append([]line{
			{metric: rate, unit: "/s", targets: []target{ofPeers(1.8)}},
			{metric: "read-p99.9", title: "p99.9 of Get", unit: "us", lower: true, targets: []target{ofPeers(1)}},
			{metric: "write-p99.9", title: "p99.9 of Set", unit: "us", lower: true, targets: []target{ofPeers(1)}},
		}, more...)}
}

func goroutines(n int) string {
	if n == 1 {
		return "1 goroutine"
	}
	return fmt.Sprintf("%d goroutines", n)
}

func rowNamed(name string, growth []int) (row, bool) {
	for _, r := range rows(growth) {
		if r.name == name {
			return r, true
		}
	}
	return row{}, false
}

const rowsMissing = "missing"

// choose returns the rows that the command line asks for.
func choose(c config, have *results) ([]row, error) {
	pattern := c.rows
	if c.from != "" && pattern == "" {
		return nil, nil
	}
	missing := pattern == rowsMissing
	if missing {
		pattern = ""
	}
	re, err := regexp.Compile(pattern)
	if err != nil {
		return nil, fmt.Errorf("-rows: %w", err)
	}
	var chosen []row
	for _, r := range rows(c.growth) {
		if re.MatchString(r.name) && !(missing && have.measured(r.name)) {
			chosen = append(chosen, r)
		}
	}
	return chosen, nil
}
