package main

import (
	"fmt"
	"slices"
)

// target is what the engine is to reach in a line.
type target struct {
	factor float64
	basis  basis
	names  []string // of engines, or of the row, if the basis needs them
}

type basis int

const (
	peersBest basis = iota // the best peer of the line
	limitRow               // the limit beside the row
	named                  // the best of the named engines
	otherRow               // the engine itself in another row
	bound                  // the number itself
)

func ofPeers(f float64) target                  { return target{f, peersBest, nil} }
func ofLimit(f float64) target                  { return target{f, limitRow, nil} }
func ofNamed(f float64, names ...string) target { return target{f, named, names} }
func ofRow(f float64, name string) target       { return target{f, otherRow, []string{name}} }
func atMost(f float64) target                   { return target{f, bound, nil} }

// verdict is a target and what came of it.
type verdict struct {
	target target
	text   string  // what is asked for
	got    float64 // the ratio, or the figure itself, that was reached
	met    bool
	known  bool // everything that it takes was measured
}

// judge sets the engine's median beside a target.
func judge(res *results, r row, l line, t target) verdict {
	v := verdict{target: t, text: t.text(r, l)}
	mine, ok := res.median(r.name, ours, l.metric)
	if !ok {
		return v
	}
	if t.basis == bound {
		v.got, v.met, v.known = mine, mine <= t.factor, true
		return v
	}
	other, ok := res.beside(r, l, t)
	if !ok || other == 0 {
		return v
	}
	v.got, v.known = mine/other, true
	v.met = v.got >= t.factor
	if l.lower {
		v.met = v.got < t.factor
	}
	return v
}

// beside returns the figure that a target names.
func (res *results) beside(r row, l line, t target) (float64, bool) {
	switch t.basis {
	case peersBest:
		_, v, ok := res.best(r, l, isPeer)
		return v, ok
	case limitRow:
		return res.median(r.name, r.limit, l.metric)
	case named:
		_, v, ok := res.best(r, l, func(name string) bool { return slices.Contains(t.names, name) })
		return v, ok
	default:
		return res.median(t.names[0], ours, l.metric)
	}
}

// best returns the best of the engines that are asked for.
func (res *results) best(r row, l line, of func(name string) bool) (name string, value float64, ok bool) {
	for _, n := range engineNames() {
		v, has := res.median(r.name, n, l.metric)
		if !has || !of(n) {
			continue
		}
		if !ok || l.lower && v < value || !l.lower && v > value {
			name, value, ok = n, v, true
		}
	}
	return name, value, ok
}

func (t target) text(r row, l line) string {
	if t.basis == bound {
		return fmt.Sprintf("at most %g %s", t.factor, l.unit)
	}
	of := "peer"
	switch {
	case t.basis == limitRow && r.limit == hashmap:
		of = "map"
	case t.basis == limitRow:
		of = "limit"
	case t.basis == named && len(t.names) == 1:
		of = t.names[0]
	case t.basis == named:
		of = "peer but bbolt"
	case t.basis == otherRow:
		return fmt.Sprintf("%.2fx %s", t.factor, t.names[0])
	}
	if l.lower {
		return "below every " + of
	}
	return fmt.Sprintf("%gx %s", t.factor, of)
}
