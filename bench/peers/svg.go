package main

import (
	"fmt"
	"html"
	"strings"
)

// Sizes of the picture in pixels.
const (
	panelWidth  = 400
	barHeight   = 13
	titleHeight = 22
	panelGap    = 14
	nameWidth   = 58
	figureWidth = 58
	columns     = 3
	margin      = 16
)

// draw makes a picture: for each rate, time and size a panel with one bar
// for each engine. The best bar of a panel is the longest where more is
// better, and the shortest where less is.
func draw(res *results) string {
	var panels []string
	var heights []int
	for _, r := range rows(res.Growth) {
		for _, l := range r.lines {
			if p, h := panel(res, r, l); h > 0 {
				panels, heights = append(panels, p), append(heights, h)
			}
		}
	}
	var b strings.Builder
	y := margin + titleHeight + 16
	for i := 0; i < len(panels); i += columns {
		tall := 0
		for j := i; j < min(i+columns, len(panels)); j++ {
			x := margin + (j-i)*(panelWidth+panelGap)
			fmt.Fprintf(&b, "<g transform=\"translate(%d %d)\">\n%s</g>\n", x, y, panels[j])
			tall = max(tall, heights[j])
		}
		y += tall + panelGap
	}
	width := 2*margin + columns*panelWidth + (columns-1)*panelGap
	head := fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" font-family="sans-serif" font-size="11">
<rect width="100%%" height="100%%" fill="#ffffff"/>
<text x="%d" y="%d" font-size="15" font-weight="bold" fill="#1a1a1a">%d keys of %d B, values of %d B: medians of %d runs</text>
<text x="%d" y="%d" fill="#666666">%s, %s</text>
`, width, y+margin, width, y+margin, margin, margin+12, res.Keys, keySize, valueSize, res.Runs,
		margin, margin+30, html.EscapeString(res.Machine), html.EscapeString(res.Date))
	return head + b.String() + "</svg>\n"
}

// panel draws one line of the table. Its height is 0 if nothing was measured.
func panel(res *results, r row, l line) (string, int) {
	_, most, ok := res.best(r, line{metric: l.metric}, func(string) bool { return true })
	if !ok || most <= 0 {
		return "", 0
	}
	title := titleOf(r, l)
	if l.lower {
		title += " (less is better)"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "<text y=\"14\" font-weight=\"bold\" fill=\"#1a1a1a\">%s</text>\n", html.EscapeString(title))
	y := titleHeight
	for _, name := range engineNames() {
		v, ok := res.median(r.name, name, l.metric)
		if !ok {
			continue
		}
		length := max(1, v/most*(panelWidth-nameWidth-figureWidth))
		fmt.Fprintf(&b, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\" fill=\"#333333\">%s</text>", nameWidth-5, y+10, name)
		fmt.Fprintf(&b, "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"%s\"/>", nameWidth, y+1, length, barHeight-3, colour(name))
		fmt.Fprintf(&b, "<text x=\"%.1f\" y=\"%d\" fill=\"#333333\">%s</text>\n", nameWidth+length+4, y+10, figure(v))
		y += barHeight
	}
	return b.String(), y
}

// colour sets the engine apart from its peers, and both from what is no
// store.
func colour(name string) string {
	switch {
	case name == ours:
		return "#d9480f"
	case isPeer(name):
		return "#4c78a8"
	}
	return "#b8b8b8"
}
