package main

import (
	"fmt"
	"html"
	"strings"
)

// Sizes of the picture in pixels.
const (
	panelWidth  = 410
	barHeight   = 13
	titleHeight = 22
	panelGap    = 14
	nameWidth   = 58
	figureWidth = 58
	columns     = 3
	margin      = 16
	headHeight  = 54
)

// lessMark stands beside the title of a panel in which less is better.
const lessMark = "\u25bc"

// panel is one group of bars.
type panel struct {
	title string
	bars  []bar
}

type bar struct {
	name   string
	value  float64
	colour string
}

func (p panel) height() int { return titleHeight + len(p.bars)*barHeight }

// draw makes a picture: a panel for each line of the table, with a bar for
// each engine, the longest as long as there is room.
func draw(res *results) string {
	var body strings.Builder
	panels := panelsOf(res)
	y := margin + headHeight
	for ; len(panels) > 0; panels = panels[min(columns, len(panels)):] {
		tall := 0
		for i, p := range panels[:min(columns, len(panels))] {
			x := margin + i*(panelWidth+panelGap)
			fmt.Fprintf(&body, "<g transform=\"translate(%d %d)\">\n%s</g>\n", x, y, p.draw())
			tall = max(tall, p.height())
		}
		y += tall + panelGap
	}
	width := 2*margin + columns*panelWidth + (columns-1)*panelGap
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" font-family="sans-serif" font-size="11">
<rect width="100%%" height="100%%" fill="#ffffff"/>
`, width, y, width, y) + head(res) + body.String() + "</svg>\n"
}

func head(res *results) string {
	return fmt.Sprintf(`<text x="%d" y="%d" font-size="15" font-weight="bold" fill="#1a1a1a">%d keys of %d B, values of %d B: medians of %d runs</text>
<text x="%d" y="%d" fill="#666666">%s, %s. %s less is better.</text>
`, margin, margin+12, res.Keys, keySize, valueSize, res.Runs,
		margin, margin+30, html.EscapeString(res.Machine), html.EscapeString(res.Date), lessMark)
}

// panelsOf makes a panel of every line that was measured, and one of all
// rows of growth.
func panelsOf(res *results) []panel {
	var all []panel
	growth := panel{title: "Get, uniform, by the number of keys, /s"}
	for _, r := range rows(res.Growth) {
		if n, ok := growthSize(r); ok {
			growth.add(res, r, rate, ours, short(n))
			continue
		}
		for _, l := range r.lines {
			p := panel{title: titleOf(r, l)}
			if l.lower {
				p.title += " " + lessMark
			}
			for _, name := range engineNames() {
				p.add(res, r, l.metric, name, name)
			}
			all = append(all, p)
		}
	}
	var drawn []panel
	for _, p := range append(all, growth) {
		if len(p.bars) > 0 {
			drawn = append(drawn, p)
		}
	}
	return drawn
}

// add puts a bar with a name into the panel, if its figure was measured.
func (p *panel) add(res *results, r row, metric, engine, name string) {
	if v, ok := res.median(r.name, engine, metric); ok {
		p.bars = append(p.bars, bar{name, v, colour(engine)})
	}
}

// short writes round numbers of thousands and millions as such.
func short(n int) string {
	switch {
	case n > 0 && n%1_000_000 == 0:
		return fmt.Sprintf("%dM", n/1_000_000)
	case n > 0 && n%1000 == 0:
		return fmt.Sprintf("%dk", n/1000)
	}
	return fmt.Sprint(n)
}

func (p panel) draw() string {
	most := 0.0
	for _, b := range p.bars {
		most = max(most, b.value)
	}
	var s strings.Builder
	fmt.Fprintf(&s, "<text y=\"14\" font-weight=\"bold\" fill=\"#1a1a1a\">%s</text>\n", html.EscapeString(p.title))
	for i, b := range p.bars {
		y := titleHeight + i*barHeight
		length := 1.0
		if b.value > 0 {
			length = max(1, b.value/most*(panelWidth-nameWidth-figureWidth))
		}
		fmt.Fprintf(&s, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\" fill=\"#333333\">%s</text>", nameWidth-5, y+10, b.name)
		fmt.Fprintf(&s, "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"%s\"/>", nameWidth, y+1, length, barHeight-3, b.colour)
		fmt.Fprintf(&s, "<text x=\"%.1f\" y=\"%d\" fill=\"#333333\">%s</text>\n", nameWidth+length+4, y+10, figure(b.value))
	}
	return s.String()
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
