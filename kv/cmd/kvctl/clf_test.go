package main

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"
)

func TestParseLogLine(t *testing.T) {
	const head = `192.0.2.1 - - [17/May/2015:10:05:03 +0000] `
	at := time.Date(2015, 5, 17, 10, 5, 3, 0, time.UTC)
	for _, tt := range []struct {
		name, line string
		want       logEntry // nil slices stand for empty ones too
	}{
		{"common", head + `"GET / HTTP/1.1" 200 512`,
			logEntry{[]byte("192.0.2.1"), []byte("-"), at, []byte("GET / HTTP/1.1"), 200, 512, nil, nil}},
		{"combined", `client.example.net id ann [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 304 - "https://example.com/" "Agent/1 (x; y)"`,
			logEntry{[]byte("client.example.net"), []byte("ann"), at, []byte("GET / HTTP/1.1"), 304, -1, []byte("https://example.com/"), []byte("Agent/1 (x; y)")}},
		{"IPv6 with zone", `fe80::1%eth0 - - [17/May/2015:10:05:03 +0000] "-" 408 -`,
			logEntry{[]byte("fe80::1%eth0"), []byte("-"), at, []byte("-"), 408, -1, nil, nil}},
		{"escaped quotes", head + `"GET /\"x\" HTTP/1.1" 200 1 "a\\" "b\"c"`,
			logEntry{[]byte("192.0.2.1"), []byte("-"), at, []byte(`GET /\"x\" HTTP/1.1`), 200, 1, []byte(`a\\`), []byte(`b\"c`)}},
		{"empty request", head + `"" 400 0 "-" "-"`,
			logEntry{[]byte("192.0.2.1"), []byte("-"), at, nil, 400, 0, []byte("-"), []byte("-")}},
		{"referer only", head + `"GET / HTTP/1.1" 200 1 "r"`,
			logEntry{[]byte("192.0.2.1"), []byte("-"), at, []byte("GET / HTTP/1.1"), 200, 1, []byte("r"), nil}},
		{"more fields", head + `"GET / HTTP/1.1" 200 1 "r" "a" "203.0.113.1" 0.003`,
			logEntry{[]byte("192.0.2.1"), []byte("-"), at, []byte("GET / HTTP/1.1"), 200, 1, []byte("r"), []byte("a")}},
		{"carriage return", head + `"GET / HTTP/1.1" 200 1` + "\r",
			logEntry{[]byte("192.0.2.1"), []byte("-"), at, []byte("GET / HTTP/1.1"), 200, 1, nil, nil}},
		{"east of UTC", `192.0.2.1 - - [17/May/2015:15:35:03 +0530] "-" 200 1`,
			logEntry{[]byte("192.0.2.1"), []byte("-"), at, []byte("-"), 200, 1, nil, nil}},
		{"west of UTC, the day before", `192.0.2.1 - - [16/May/2015:22:05:03 -1200] "-" 200 1`,
			logEntry{[]byte("192.0.2.1"), []byte("-"), at, []byte("-"), 200, 1, nil, nil}},
		{"leap second", `192.0.2.1 - - [31/Dec/2016:23:59:60 +0000] "-" 200 1`,
			logEntry{[]byte("192.0.2.1"), []byte("-"), time.Date(2017, 1, 1, 0, 0, 0, 0, time.UTC), []byte("-"), 200, 1, nil, nil}},
		{"leap day", `192.0.2.1 - - [29/Feb/2024:00:00:00 +0000] "-" 200 1`,
			logEntry{[]byte("192.0.2.1"), []byte("-"), time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC), []byte("-"), 200, 1, nil, nil}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := parseLogLine([]byte(tt.line))
			if err != nil {
				t.Fatalf("parseLogLine(%q): %v", tt.line, err)
			}
			if !sameEntry(got, tt.want) {
				t.Errorf("parseLogLine(%q)\n got %+v\nwant %+v", tt.line, got, tt.want)
			}
		})
	}
}

func sameEntry(a, b logEntry) bool {
	return string(a.client) == string(b.client) && string(a.user) == string(b.user) && a.time.Equal(b.time) &&
		string(a.request) == string(b.request) && a.status == b.status && a.bytes == b.bytes &&
		string(a.referer) == string(b.referer) && string(a.agent) == string(b.agent)
}

func TestMalformedLogLine(t *testing.T) {
	const rest = ` "GET / HTTP/1.1" 200 512`
	const head = `192.0.2.1 - - [17/May/2015:10:05:03 +0000]`
	at := func(time string) string { return "192.0.2.1 - - [" + time + "]" + rest }
	for _, tt := range []struct{ line, reason string }{
		{"", "empty line"},
		{"\r", "empty line"},
		{"   ", "empty line"},
		{" " + head + rest, "no client address"},
		{"- - - [17/May/2015:10:05:03 +0000]" + rest, "no client address"},
		{"192.0.2.1\x00 - - [17/May/2015:10:05:03 +0000]" + rest, "NUL byte"},
		{"a\"b - - [17/May/2015:10:05:03 +0000]" + rest, "no client address"},
		{strings.Repeat("a", 256) + " - - [17/May/2015:10:05:03 +0000]" + rest, "no client address"},
		{"192.0.2.1", "no time in brackets"},
		{"192.0.2.1 - -", "no time in brackets"},
		{"192.0.2.1 - - [17/May/2015", "no time in brackets"},
		{"192.0.2.1 - - 17/May/2015:10:05:03 +0000" + rest, "no time in brackets"},
		{"example.com 192.0.2.1 - - [17/May/2015:10:05:03 +0000]" + rest, "no time in brackets"},
		{at("31/Apr/2015:10:05:03 +0000"), "bad time"},
		{at("29/Feb/2015:10:05:03 +0000"), "bad time"},
		{at("00/May/2015:10:05:03 +0000"), "bad time"},
		{at("17/may/2015:10:05:03 +0000"), "bad time"},
		{at("17/anF/2015:10:05:03 +0000"), "bad time"},
		{at("17/May/1969:10:05:03 +0000"), "bad time"},
		{at("17/May/2200:10:05:03 +0000"), "bad time"},
		{at("17/May/2015:24:05:03 +0000"), "bad time"},
		{at("17/May/2015:10:60:03 +0000"), "bad time"},
		{at("17/May/2015:10:05:61 +0000"), "bad time"},
		{at("17/May/2015:10:05:03 00000"), "bad time"},
		{at("17/May/2015:10:05:03 +9900"), "bad time"},
		{at("17/May/2015 10:05:03 +0000"), "bad time"},
		{head, "no quoted request"},
		{head + ` GET / 200 1`, "no quoted request"},
		{head + ` "GET / HTTP/1.1 200 1`, "unclosed quote in the request"},
		{head + ` "GET /\" 200 1`, "unclosed quote in the request"},
		{head + ` "GET / HTTP/1.1"`, "bad status"},
		{head + ` "GET / HTTP/1.1" OK 1`, "bad status"},
		{head + ` "GET / HTTP/1.1" 099 1`, "bad status"},
		{head + ` "GET / HTTP/1.1" 2000 1`, "bad status"},
		{head + ` "GET / HTTP/1.1" 200`, "bad byte count"},
		{head + ` "GET / HTTP/1.1" 200 -1`, "bad byte count"},
		{head + ` "GET / HTTP/1.1" 200 99999999999999999999`, "bad byte count"},
		{head + ` "GET / HTTP/1.1" 200 1 "r`, "unclosed quote in the referer"},
		{head + ` "GET / HTTP/1.1" 200 1 "r" "a`, "unclosed quote in the agent"},
	} {
		_, err := parseLogLine([]byte(tt.line))
		var reason badLine
		if !errors.As(err, &reason) || string(reason) != tt.reason {
			t.Errorf("parseLogLine(%q): %v; want %q", tt.line, err, tt.reason)
		}
	}
}

func TestParseLogLineAllocatesNothing(t *testing.T) {
	line := []byte(`192.0.2.1 - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 512 "r" "a"`)
	allocs := testing.AllocsPerRun(100, func() {
		if _, err := parseLogLine(line); err != nil {
			t.Fatal(err)
		}
	})
	if allocs > 0 {
		t.Errorf("%v allocations a line; want 0", allocs)
	}
}

// FuzzParse holds the parser to: no panic, every field in range, and every
// slice a part of the line.
func FuzzParse(f *testing.F) {
	log, err := os.ReadFile(smallLog)
	if err != nil {
		f.Fatal(err)
	}
	for line := range strings.Lines(string(log)) {
		f.Add([]byte(strings.TrimSuffix(line, "\n")))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		e, err := parseLogLine(line)
		if err != nil {
			var reason badLine
			if !errors.As(err, &reason) || reason == "" {
				t.Fatalf("parseLogLine(%q): %v; want a badLine", line, err)
			}
			return
		}
		if len(e.client) == 0 || len(e.client) > maxClient || e.status < 100 || e.status > 999 || e.bytes < -1 {
			t.Errorf("parseLogLine(%q) = %+v; a field is out of range", line, e)
		}
		if y := e.time.Year(); y < 1969 || y > 2200 || e.time.Nanosecond() != 0 {
			t.Errorf("parseLogLine(%q): time %v", line, e.time)
		}
		for _, part := range [][]byte{e.client, e.user, e.request, e.referer, e.agent} {
			if !strings.Contains(string(line), string(part)) {
				t.Errorf("parseLogLine(%q): field %q is no part of it", line, part)
			}
		}
	})
}
