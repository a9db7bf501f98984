package main

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// table is the results as cells, the first row its head.
type table [][]string

// tabulate makes a row of the table for every figure that was measured.
func tabulate(res *results) table {
	names := engineNames()
	t := table{append(append([]string{"workload"}, names...), "best peer", "of peer", "of limit", "targets")}
	for _, r := range rows(res.Growth) {
		if !res.measured(r.name) {
			continue
		}
		for _, l := range r.lines {
			t = append(t, cells(res, r, l, names))
		}
	}
	return t
}

func cells(res *results, r row, l line, names []string) []string {
	out := []string{titleOf(r, l)}
	for _, name := range names {
		out = append(out, cell(res.find(r.name, name, l.metric)))
	}
	peer, _, _ := res.best(r, l, isPeer)
	out = append(out, peer)
	out = append(out, ratio(judge(res, r, l, ofPeers(1))))
	if r.limit == "" {
		out = append(out, "")
	} else {
		out = append(out, ratio(judge(res, r, l, ofLimit(1))))
	}
	var said []string
	for _, t := range l.targets {
		if v := judge(res, r, l, t); v.known {
			said = append(said, v.String())
		}
	}
	return append(out, strings.Join(said, "; "))
}

func titleOf(r row, l line) string {
	if l.title != "" {
		return r.title + ": " + l.title + ", " + l.unit
	}
	return r.title + ", " + l.unit
}

func cell(o outcome, ok bool) string {
	if !ok {
		return ""
	}
	return figure(o.Median)
}

// figure writes three digits and what they are multiples of.
func figure(v float64) string {
	unit := ""
	switch {
	case v >= 1e6:
		v, unit = v/1e6, "M"
	case v >= 1e4:
		v, unit = v/1e3, "k"
	}
	switch {
	case v >= 100 || v == 0:
		return fmt.Sprintf("%.0f%s", v, unit)
	case v >= 10:
		return fmt.Sprintf("%.1f%s", v, unit)
	}
	return fmt.Sprintf("%.2f%s", v, unit)
}

func ratio(v verdict) string {
	if !v.known {
		return ""
	}
	return fmt.Sprintf("%.2f", v.got)
}

func (v verdict) String() string {
	word := "missed"
	if v.met {
		word = "met"
	}
	if v.target.basis == bound {
		return fmt.Sprintf("%s: %s", v.text, word)
	}
	return fmt.Sprintf("%s: %s (%.2f)", v.text, word, v.got)
}

// text aligns the cells, the first and the last column to the left.
func (t table) text() string {
	width := make([]int, len(t[0]))
	for _, row := range t {
		for i, s := range row {
			width[i] = max(width[i], utf8.RuneCountInString(s))
		}
	}
	var b strings.Builder
	for _, row := range t {
		for i, s := range row {
			gap := strings.Repeat(" ", width[i]-utf8.RuneCountInString(s))
			switch i {
			case 0:
				b.WriteString(s + gap)
			case len(row) - 1:
				b.WriteString("  " + s)
			default:
				b.WriteString("  " + gap + s)
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func (t table) markdown() string {
	var b strings.Builder
	for i, row := range t {
		b.WriteString("| " + strings.Join(row, " | ") + " |\n")
		if i == 0 {
			b.WriteString("|---" + strings.Repeat("|---:", len(row)-2) + "|---|\n")
		}
	}
	return b.String()
}
