package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

// badLine is why a line of input was passed over. It never quotes the line.
type badLine string

func (b badLine) Error() string { return string(b) }

// lineReader reads lines up to a greatest length and passes over longer
// ones, so that its memory is bounded whatever the input.
type lineReader struct {
	r    *bufio.Reader
	most int    // the greatest length, in bytes
	long []byte // a line longer than r's buffer, as far as it was read

	lines int64 // read so far, bad ones too
	bytes int64
}

func newLineReader(r io.Reader, most int) *lineReader {
	return &lineReader{r: bufio.NewReaderSize(r, 64<<10), most: most}
}

// next returns the next line without its line feed; the slice is valid until
// the following call. The error is a badLine for a line that is too long,
// and io.EOF after the last line.
func (l *lineReader) next() ([]byte, error) {
	l.long = l.long[:0]
	tooLong := false
	for {
		part, err := l.r.ReadSlice('\n')
		l.bytes += int64(len(part))
		if len(l.long)+len(trimLineFeed(part)) > l.most {
			tooLong = true
			l.long = l.long[:0]
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			if !tooLong {
				l.long = append(l.long, part...)
			}
			continue
		}
		if err != nil && (err != io.EOF || len(part)+len(l.long) == 0 && !tooLong) {
			return nil, err
		}
		l.lines++
		if tooLong {
			return nil, badLine(fmt.Sprintf("longer than %d bytes", l.most))
		}
		if len(l.long) > 0 {
			l.long = append(l.long, part...)
			part = l.long
		}
		return trimLineFeed(part), nil
	}
}

func trimLineFeed(line []byte) []byte {
	if n := len(line); n > 0 && line[n-1] == '\n' {
		return line[:n-1]
	}
	return line
}

// badLines counts the lines passed over and remembers the first few.
type badLines struct {
	count int64
	first []numberedReason
}

// numberedReason is why the line of that number was passed over.
type numberedReason struct {
	Line   int64  `json:"line"`
	Reason string `json:"reason"`
}

// shownBadLines is how many bad lines are shown with number and reason.
const shownBadLines = 5

func (b *badLines) add(number int64, reason badLine) {
	b.count++
	if len(b.first) < shownBadLines {
		b.first = append(b.first, numberedReason{number, string(reason)})
	}
}
