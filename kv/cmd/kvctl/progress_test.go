package main

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"time"
)

func TestProgressDrawsNowAndThen(t *testing.T) {
	var terminal bytes.Buffer
	start := time.Now().Add(-2 * time.Second)
	p := &progress{w: &terminal, noun: "lines", start: start, next: start}
	for n := range int64(1000) {
		p.step(n, 2e6)
	}
	p.done()
	got := terminal.String()
	if !strings.HasPrefix(got, "\r0 lines, 2.0 MB, 0/s") || !strings.HasSuffix(got, "\r\x1b[K") {
		t.Errorf("drawn: %q; want a line, then none", got)
	}
	if n := strings.Count(got, "lines"); n > 2 {
		t.Errorf("drawn %d times at once; want once", n)
	}
}

func TestProgressIsForTerminals(t *testing.T) {
	p := (&call{stderr: io.Discard}).newProgress("lines")
	if p.w != nil {
		t.Error("progress is drawn on what is no terminal")
	}
	p.next = p.start.Add(-time.Hour)
	p.step(64, 1)
	p.done()
}
