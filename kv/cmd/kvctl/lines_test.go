package main

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func TestLineReader(t *testing.T) {
	const most = 100_000 // more than the reader's buffer
	long, tooLong := strings.Repeat("l", most), strings.Repeat("t", most+1)
	for _, tt := range []struct {
		name, input string
		want        []string // "!" for a line passed over
	}{
		{"nothing", "", nil},
		{"one line", "a\n", []string{"a"}},
		{"no line feed at the end", "a\nb", []string{"a", "b"}},
		{"empty lines", "\n\na\n", []string{"", "", "a"}},
		{"as long as may be", long + "\na\n", []string{long, "a"}},
		{"as long as may be, at the end", long, []string{long}},
		{"too long by one", tooLong + "\na\n", []string{"!", "a"}},
		{"too long by one, at the end", "a\n" + tooLong, []string{"a", "!"}},
		{"far too long", strings.Repeat(tooLong, 5) + "\na\n" + long + "\n", []string{"!", "a", long}},
	} {
		for _, r := range []io.Reader{strings.NewReader(tt.input), iotest.HalfReader(strings.NewReader(tt.input))} {
			lines := newLineReader(r, most)
			for i, want := range tt.want {
				got, err := lines.next()
				var reason badLine
				if passed := errors.As(err, &reason); passed != (want == "!") || !passed && string(got) != want {
					t.Errorf("%s: line %d is %.20q, %v; want %.20q", tt.name, i+1, got, err, want)
				}
			}
			if _, err := lines.next(); err != io.EOF {
				t.Errorf("%s: at the end: %v; want io.EOF", tt.name, err)
			}
			if lines.lines != int64(len(tt.want)) || lines.bytes != int64(len(tt.input)) {
				t.Errorf("%s: %d lines, %d bytes; want %d, %d", tt.name, lines.lines, lines.bytes, len(tt.want), len(tt.input))
			}
		}
	}
}

func TestLineReaderPassesErrorsOn(t *testing.T) {
	lines := newLineReader(io.MultiReader(strings.NewReader("a\nb"), iotest.ErrReader(io.ErrNoProgress)), 10)
	if got, err := lines.next(); string(got) != "a" || err != nil {
		t.Errorf("first line %q, %v", got, err)
	}
	if _, err := lines.next(); err != io.ErrNoProgress {
		t.Errorf("then %v; want the reader's error", err)
	}
}
