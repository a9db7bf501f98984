package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// report prints the table and writes the files that are asked for.
func report(c config, res *results) error {
	t := tabulate(res)
	fmt.Print(t.text())
	if err := res.write(c.json); err != nil {
		return err
	}
	if c.md != "" {
		if err := writeBetweenMarks(c.md, caption(res)+picture(c)+t.markdown()); err != nil {
			return err
		}
	}
	if c.svg != "" {
		return replaceFile(c.svg, []byte(draw(res)))
	}
	return nil
}

// picture shows the picture in the Markdown, by its path from there.
func picture(c config) string {
	if c.svg == "" {
		return ""
	}
	path, err := filepath.Rel(filepath.Dir(c.md), c.svg)
	if err != nil {
		path = c.svg
	}
	return fmt.Sprintf("![Bars of every workload](%s)\n\n", filepath.ToSlash(path))
}

// What stands between these is written by this program.
const (
	beginMark = "<!-- peers: begin -->\n"
	endMark   = "<!-- peers: end -->\n"
)

// writeBetweenMarks replaces what is between the marks of a file, or all of
// a file without them.
func writeBetweenMarks(name, text string) error {
	old, err := os.ReadFile(name)
	if err != nil && !os.IsNotExist(err) {
		return err
	}
	before, rest, ok := strings.Cut(string(old), beginMark)
	if _, after, closed := strings.Cut(rest, endMark); ok && closed {
		text = before + beginMark + text + endMark + after
	}
	return replaceFile(name, []byte(text))
}

// caption says where the figures are from.
func caption(res *results) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Machine: %s. %s.  \n", res.Machine, res.Go)
	fmt.Fprintf(&b, "Date: %s. %d keys of %d B, values of %d B, medians of %d runs of %s.  \n", res.Date, res.Keys, keySize, valueSize, res.Runs, res.Time)
	var names []string
	for _, name := range sortedKeys(res.Versions) {
		names = append(names, name+" "+res.Versions[name])
	}
	fmt.Fprintf(&b, "Beside: %s.\n\n", strings.Join(names, ", "))
	return b.String()
}
