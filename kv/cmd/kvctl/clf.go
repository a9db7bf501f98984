package main

import (
	"bytes"
	"math"
	"strings"
	"time"
)

// logEntry is one line of an access log in Common or Combined Log Format.
// Its slices are parts of the parsed line; quoted ones keep their escapes.
//
//	192.0.2.1 - ann [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 512 "referer" "agent"
//	client  ident user  time                      request         status bytes
type logEntry struct {
	client  []byte // address or host name
	user    []byte // "-": none
	time    time.Time
	request []byte
	status  int
	bytes   int64 // -1: none
	referer []byte
	agent   []byte // nil, as referer, in Common Log Format
}

const (
	maxLogLine = 64 << 10 // bytes; a longer line is malformed
	maxClient  = 255      // bytes, as in a host name
)

// parseLogLine reads one line. The error is a badLine, and never quotes it.
// Fields after the agent, which some servers add, are passed over.
func parseLogLine(line []byte) (e logEntry, err error) {
	if bytes.IndexByte(line, 0) >= 0 {
		return e, badLine("NUL byte")
	}
	rest := bytes.TrimRight(line, "\r ")
	if len(rest) == 0 {
		return e, badLine("empty line")
	}
	if e.client, rest = word(rest); !isClient(e.client) {
		return e, badLine("no client address")
	}
	_, rest = word(rest)
	e.user, rest = word(rest)
	if e.time, rest, err = bracketedTime(rest); err != nil {
		return e, err
	}
	if len(rest) == 0 || rest[0] != '"' {
		return e, badLine("no quoted request")
	}
	var ok bool
	if e.request, rest, ok = quoted(rest); !ok {
		return e, badLine("unclosed quote in the request")
	}
	status, rest := word(rest)
	if e.status, ok = parseStatus(status); !ok {
		return e, badLine("bad status")
	}
	size, rest := word(rest)
	if e.bytes, ok = parseSize(size); !ok {
		return e, badLine("bad byte count")
	}
	return e, e.combined(rest)
}

// combined reads the two fields that Combined Log Format adds, if any.
func (e *logEntry) combined(rest []byte) error {
	var ok bool
	if len(rest) == 0 || rest[0] != '"' {
		return nil
	}
	if e.referer, rest, ok = quoted(rest); !ok {
		return badLine("unclosed quote in the referer")
	}
	if len(rest) == 0 || rest[0] != '"' {
		return nil
	}
	if e.agent, _, ok = quoted(rest); !ok {
		return badLine("unclosed quote in the agent")
	}
	return nil
}

// word cuts the first field off a line at a space.
func word(line []byte) (field, rest []byte) {
	if i := bytes.IndexByte(line, ' '); i >= 0 {
		return line[:i], line[i+1:]
	}
	return line, nil
}

// quoted cuts the first field off a line that begins with a quote. Within
// it a backslash takes away the meaning of the byte behind it. ok is false
// if there is no closing quote.
func quoted(line []byte) (field, rest []byte, ok bool) {
	for i := 1; i < len(line); i++ {
		switch line[i] {
		case '\\':
			i++
		case '"':
			return line[1:i], bytes.TrimLeft(line[i+1:], " "), true
		}
	}
	return nil, nil, false
}

// isClient reports whether field has the form of an IPv4 or IPv6 address or
// of a host name: only the characters, and not a lone dash.
func isClient(field []byte) bool {
	if len(field) == 0 || len(field) > maxClient || string(field) == "-" {
		return false
	}
	for _, b := range field {
		if !isDigit(b) && !isLetter(b) && strings.IndexByte(".:-_%[]", b) < 0 {
			return false
		}
	}
	return true
}

// parseStatus reads a status code of three digits.
func parseStatus(field []byte) (status int, ok bool) {
	if len(field) != 3 {
		return 0, false
	}
	n, ok := digits(field)
	return int(n), ok && n >= 100
}

// parseSize reads a byte count, or -1 for a dash.
func parseSize(field []byte) (size int64, ok bool) {
	if string(field) == "-" {
		return -1, true
	}
	return digits(field)
}

// digits reads a decimal number of one digit or more.
func digits(field []byte) (n int64, ok bool) {
	for _, b := range field {
		if !isDigit(b) || n > (math.MaxInt64-9)/10 {
			return 0, false
		}
		n = n*10 + int64(b-'0')
	}
	return n, len(field) > 0
}

func isDigit(b byte) bool { return '0' <= b && b <= '9' }

func isLetter(b byte) bool { return 'a' <= b|0x20 && b|0x20 <= 'z' }
