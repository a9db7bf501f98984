package main

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestInspectDraws holds the drawing of a store that does not change.
func TestInspectDraws(t *testing.T) {
	dir := filepath.Join(corruptDir, "undamaged", "store")
	lines := strings.Split(strings.TrimSuffix(must(t, kvctl("inspect", dir)), "\n"), "\n")
	if len(lines) < 4 || !strings.HasPrefix(lines[0], "segment ") {
		t.Fatalf("%q; want a headline, segments and a total", lines)
	}
	row := regexp.MustCompile(`^(\S+\.seg +(sealed|open)|total +) +\d+ +\d+ +\d+ +\[#+-*\] +\d+ +\S+s +(none|\S+Z to \S+Z)$`)
	bars := strings.Index(lines[1], "[")
	for i, line := range lines[1:] {
		if !row.MatchString(line) {
			t.Errorf("line %d: %q", i+1, line)
		}
		if strings.Index(line, "[") != bars {
			t.Errorf("line %d is not aligned: %q", i+1, line)
		}
	}
	if last := lines[len(lines)-2]; !strings.Contains(last, " open ") {
		t.Errorf("%q; want the last segment to be open", last)
	}
	got := must(t, kvctl("inspect", dir, "-json"))
	if !strings.HasPrefix(got, `{"segments":[{"file":"0000000000000001.seg","state":"sealed",`) || !strings.Contains(got, `"total":{`) {
		t.Errorf("as JSON: %s", got)
	}
}

func TestBar(t *testing.T) {
	for _, tt := range []struct {
		live, dead int64
		want       string
	}{
		{0, 0, "[                    ]"},
		{1, 0, "[####################]"},
		{0, 1, "[--------------------]"},
		{1, 1, "[##########----------]"},
		{1, 1000, "[#-------------------]"},
		{1000, 1, "[###################-]"},
	} {
		if got := bar(tt.live, tt.dead); got != tt.want {
			t.Errorf("bar(%d, %d) = %s; want %s", tt.live, tt.dead, got, tt.want)
		}
	}
}
